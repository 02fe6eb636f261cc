"""Photographs as starting points: reading, fitting to a size, and how good the noise found for them is.  No torch."""
