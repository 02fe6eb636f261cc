"""What else this machine is doing: whether it runs on battery, and whether others use its GPU.  No torch."""
