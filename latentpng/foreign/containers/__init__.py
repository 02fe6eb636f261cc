"""The places in a file where other tools store text: PNG text chunks, EXIF, XMP, JPEG segments and WebP chunks."""
