"""PNG files: their chunks, texts and pixels, the carriers of a latent, and how a file is replaced."""
