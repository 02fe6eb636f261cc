"""Workers on several machines, by Ray.  Imports Ray only when it is asked for, and no torch."""
