"""Run the command as `python -m latentpng`."""

import sys

from latentpng.cli import main

if __name__ == "__main__":
    sys.exit(main())
