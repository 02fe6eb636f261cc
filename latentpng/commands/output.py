"""Where commands write: results to standard output, messages to standard error, files as a whole or not at all."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable

from latentpng.commands import progress
from latentpng.errors import UnwritableFileError
from latentpng.text import plain

STANDARD_OUTPUT = "-"
_FIRST_REPORT = 2.0  # seconds of replay before the first message


def add_output(parser: argparse.ArgumentParser, metavar: str, text: str, *, replaced: str = "an output file") -> None:
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
    """Write one line to standard error."""
    progress.clear()
    sys.stderr.write(f"latentpng: {plain(sentence)}\n")


def signature_warning(file: str) -> Callable[[], None]:
    """Return the warning to give before a picture with a C2PA signature is changed."""
    return lambda: say(f"{file}: this picture has a C2PA signature, which is not valid for the new file")


def show(line: str) -> None:
    """Write one line, or several, to standard output.

    Raises:
        OSError: Standard output is closed or full.
    """
    progress.clear()
    sys.stdout.write(f"{line}\n")


def flush() -> None:
    """Flush standard output, so that a full disk or a closed pipe is noticed while it can still be reported.

    Raises:
        OSError: Standard output is closed or full.
    """
    sys.stdout.flush()


def write(output: str, data: bytes, *, force: bool) -> None:
    """Write a whole file, or write to standard output.

    Args:
        output: The path, or "-" for standard output.
        data: The content.
        force: Replace a file that exists.

    Raises:
        UnwritableFileError: The file exists and `force` is false, or it cannot be written.
    """
    from latentpng.png.atomic import write_atomically

    if output == STANDARD_OUTPUT:
        sys.stdout.buffer.write(data)
        return
    check_target(output, force=force)
    write_atomically(output, (data,), replace=force)


def check_target(output: str, *, force: bool) -> None:
    """Check that a file may be written.

    Raises:
        UnwritableFileError: The name is empty, or the file exists and `force` is false.
    """
    if not output:
        raise UnwritableFileError("'': this is not a valid file name")
    tell_recovered(output)
    if not force and os.path.lexists(output):
        raise UnwritableFileError(
            f"{plain(output)}: this file exists already; choose another --out, or add --force to replace it"
        )


def tell_recovered(output: str) -> None:
    """Give pictures that ended programs left in the folder of an output their names, and say so, once."""
    from pathlib import Path

    from latentpng.png.abandoned import recover, recovered_words

    if recovered := recover(Path(os.path.realpath(output)).parent):
        say(recovered_words(recovered))


def is_same_file(file: str, output: str) -> bool:
    """Return whether an output would replace the file that is read, under whatever name."""
    try:
        return os.path.samefile(file, output)  # noqa: PTH121 - commands have names, not paths
    except (OSError, ValueError):  # one of them is not there
        return False


def replay_progress(file: str) -> Callable[[int, int], None]:
    """Return a callback that reports how far a long replay is: after 2 seconds, then each time twice as late."""
    start, due = time.monotonic(), _FIRST_REPORT

    def on_progress(done: int, total: int) -> None:
        nonlocal due
        if time.monotonic() - start >= due:
            due *= 2
            say(f"{file}: {done} of {total} rounds replayed")

    return on_progress
