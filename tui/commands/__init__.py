"""The commands `warmer new`, `vary`, `render` and `doctor`: results on stdout, progress on stderr, no Textual.

Each command's module has `Arguments` (what only it is asked for), `add_arguments` (its command line) and `run`.
"""
