"""The configuration file: which keys it has, how it is read, and what a mistake in it says.  No torch, no models."""
