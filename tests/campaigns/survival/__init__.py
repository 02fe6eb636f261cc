"""What other people's tools leave of a picture's latent: shared by the tests and the benchmark.

tools: which tools, and how each is run.  leftovers: what is found in the file that one wrote.
"""
