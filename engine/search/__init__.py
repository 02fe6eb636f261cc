"""The search over initial noise: its session as a value, and the running search around it.  No process, no torch."""
