"""Tiny pipelines with random weights, one for each family of models; `catalogue` lists them."""
