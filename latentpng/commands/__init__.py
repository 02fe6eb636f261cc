"""The commands of `latentpng`, one module each: `configure` adds the options of a command, `run` executes it.

A module imports what it needs inside `run`, so that a command does not pay for the imports of the others.
"""
