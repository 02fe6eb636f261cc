"""Training of the embedded model: `python -m engine.embedded.training.train`.  Needs torch; not in the wheel."""
