"""The terminal: the `warmer` command, its scripts (`new`, `vary`, `render`) and the Textual app."""

__version__ = "0.1.0"
