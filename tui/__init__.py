"""The terminal: the `warmer` command line, its commands (`new`, `vary`, `render`, `doctor`) and the Textual app."""

from latentpng import __version__ as __version__
