"""The model that ships: a small StableDiffusionPipeline folder in `model`, and its defaults in `model/warmer.json`."""
