"""The part terminals of the attack."""
