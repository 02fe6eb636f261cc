"""Workers on several machines, by Ray.  Imports Ray only when it is asked for, and no torch.

The program talks to a driver process (`main.py`), as it talks to a worker.  Ray is imported there, so that neither its
output nor its signal handlers nor the end of its cluster reach the program.  The driver has one actor per GPU; each
actor (`actor.py`) runs an ordinary worker process on its node.
"""
