"""Reports on files: their fields, differences, family trees and verification."""
