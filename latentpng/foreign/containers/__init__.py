"""Where other tools store their texts: PNG text, EXIF, XMP, JPEG and WebP segments."""
