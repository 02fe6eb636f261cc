"""PNG files: chunks, text chunks, pixels, where a latent is carried, and how a file is replaced."""
