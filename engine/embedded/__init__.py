"""The model that ships with the package.

`model` is a small StableDiffusionPipeline folder with its defaults in `warmer.json`; `training` makes it from drawn
pictures, and is not in the wheel.
"""
