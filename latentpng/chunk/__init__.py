"""A record as the bytes of a `laTn` chunk, and back. Nothing here knows PNG."""
