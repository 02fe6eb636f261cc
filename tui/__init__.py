"""The terminal: the `warmer` command, its scripts (`new`, `vary`, `render`) and the Textual app."""
