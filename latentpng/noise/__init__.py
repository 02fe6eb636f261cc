"""The way from seed and rounds to the initial noise: the generator, perturbations, and their replay."""
