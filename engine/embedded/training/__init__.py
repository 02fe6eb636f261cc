"""How the embedded model is made: `python -m engine.embedded.train`.  Needs torch; nothing at run time imports this."""
