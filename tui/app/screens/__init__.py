"""The screens of the app; each opaque, because pictures do not survive what is laid over them."""
