"""The worker process, seen from outside.  No torch."""
