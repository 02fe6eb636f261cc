"""What other tools leave of a picture's latent, for the tests and for the benchmark `latentpng_survival`.

tools: which tools, and how each is run.  picture: the picture that they get.  leftovers: what their files still carry.
"""
