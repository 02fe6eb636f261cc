"""The part sockets of the attack."""
