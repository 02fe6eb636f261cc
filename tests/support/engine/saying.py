"""A program that runs the statements of its first argument."""

import sys

exec(sys.argv[1])
