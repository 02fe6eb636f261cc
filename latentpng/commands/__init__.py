"""The commands of `latentpng`, a module each: `configure` adds its arguments to a parser, `run` does it.

A module here imports what it needs inside `run`, so that only the command that was asked for costs its start.
"""
