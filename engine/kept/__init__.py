"""The worker that stays: a process that keeps its model between programs, and the connection to it.  No torch."""
