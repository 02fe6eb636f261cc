"""Where commands write: data to standard output, everything else to standard error, files as a whole."""

from __future__ import annotations

import argparse
import errno
import os
import sys
import time
from collections.abc import Callable
from typing import TextIO

from latentpng.commands import progress
from latentpng.errors import UnwritableFileError
from latentpng.text import plain

STANDARD_OUTPUT = "-"
_PATIENCE = 2.0  # seconds of silence


def add_output(parser: argparse.ArgumentParser, metavar: str, text: str, *, replaced: str = "an output") -> None:
    """Add the options --out and --force, under all their names, to the parser of a command that writes a file.

    Args:
        parser: The parser of the command.
        metavar: The form of the output's name, as the help shows it.
        text: What the help says about --out.
        replaced: What --force allows the command to replace.
    """
    parser.add_argument("-o", "--out", dest="output", metavar=metavar, help=f"{text} (also: --output)")
    parser.add_argument(
        "-f", "--force", action="store_true", help=f"replace {replaced} that exists (also: --overwrite)"
    )
    # hidden, because argparse would show the metavar once more for each name
    parser.add_argument("--output", dest="output", help=argparse.SUPPRESS)
    parser.add_argument("--overwrite", dest="force", action="store_true", help=argparse.SUPPRESS)


def say(sentence: str) -> None:
    """One line on standard error, where there is one."""
    progress.clear()
    if sys.stderr is not None:
        sys.stderr.write(f"latentpng: {plain(sentence)}\n")


def signature_warning(file: str) -> Callable[[], None]:
    """What `files` calls before it changes a picture with a C2PA signature."""
    return lambda: say(f"{file}: it has a C2PA signature, which does not fit the new bytes")


def show(line: str) -> None:
    """One line, or several, on standard output.  OSError."""
    progress.clear()
    standard_output().write(f"{line}\n")


def standard_output() -> TextIO:
    """Standard output; OSError when it is closed."""
    if sys.stdout is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return sys.stdout


def flush() -> None:
    """Let a full disk or a closed pipe be noticed while it can still be told.  OSError."""
    standard_output().flush()


def write(output: str, data: bytes, *, force: bool) -> None:
    """Write a whole file, or to standard output for "-".  UnwritableFileError."""
    from latentpng.png.atomic import write_atomically

    if output == STANDARD_OUTPUT:
        standard_output().buffer.write(data)
        return
    check_target(output, force=force)
    write_atomically(output, (data,))


def check_target(output: str, *, force: bool) -> None:
    """UnwritableFileError for a target that exists and is not to be replaced, or that has no name."""
    if not output:
        raise UnwritableFileError("'': no file has such a name")
    if not force and os.path.lexists(output):
        raise UnwritableFileError(f"{plain(output)}: it exists, and only --force replaces it")


def replay_progress(file: str) -> Callable[[int, int], None]:
    """Says how far a long replay is: after two seconds, then each time that it took twice as long."""
    start, patience = time.monotonic(), _PATIENCE

    def tell(done: int, total: int) -> None:
        nonlocal patience
        if time.monotonic() - start >= patience:
            patience *= 2
            say(f"{file}: {done} of {total} rounds replayed")

    return tell
