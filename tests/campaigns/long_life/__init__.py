"""The part long_life of the attack."""
