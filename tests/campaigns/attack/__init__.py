"""The runner of the attacks on everything that promises to lose nothing and to let nothing in.

part: what an attack is made of.  running: runs a part, counts, and goes on later.  table: what is printed.
"""
