"""Where model files are: the folders of other programs, the cache of the Hugging Face hub, and what they hold."""
