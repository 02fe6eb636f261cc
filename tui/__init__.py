"""The terminal: the `warmer` command line, its commands (`new`, `vary`, `render`, `doctor`) and the Textual app."""

__version__ = "0.1.0"
