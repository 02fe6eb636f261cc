"""From seed and rounds to the initial noise: generator, perturbations, and their replay."""
