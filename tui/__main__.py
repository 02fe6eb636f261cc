"""`python -m tui` is `warmer`."""

from tui.cli import main

main()
