"""The part models of the attack."""
