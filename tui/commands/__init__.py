"""`warmer new`, `vary` and `render`: the search from scripts.  Paths on stdout, progress on stderr, no Textual."""
