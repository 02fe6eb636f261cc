"""The part ssh of the attack."""
