"""The terminal: the `warmer` command, its scripts (`new`, `vary`, `render`) and the Textual app."""

from latentpng import __version__ as __version__
