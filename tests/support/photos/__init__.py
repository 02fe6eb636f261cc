"""Photographs for tests, made by Pillow."""
