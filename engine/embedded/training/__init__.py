"""Training of the embedded model: `python -m engine.embedded.training.train`.

Not in the wheel, so nothing outside of this folder may import it.
"""
