"""The part disk of the attack."""
