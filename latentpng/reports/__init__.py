"""What is reported about files: their fields, differences, family trees and verification."""
