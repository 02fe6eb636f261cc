"""Finding the initial noise of a photograph: the noise from which a model renders it."""
