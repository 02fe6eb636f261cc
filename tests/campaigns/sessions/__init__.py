"""The part sessions of the attack."""
