"""The conversion of a record to the bytes of a `laTn` chunk, and back.  Nothing here knows PNG."""
