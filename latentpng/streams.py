"""The standard streams of a command: none is missing, messages may be lost, and results may not.

A program can be started without standard input, output or error.  The next file that it opens then takes the number of
the missing one, and what is printed lands in that file, or `print` sends messages to standard output.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from typing_extensions import Buffer

_MISSING: Final = {0: os.O_WRONLY, 1: os.O_RDONLY, 2: os.O_RDONLY}
"""How the null device takes the place of a missing stream: reading and writing fail, as they would without it."""
_failures: list[OutputError] = []  # of standard output, to be reported at the end


class OutputError(OSError):
    """Standard output cannot be written."""

    def __str__(self) -> str:
        return f"standard output: it cannot be written ({self.strerror})"


def prepare() -> None:
    """Put something in the place of each standard stream that is missing; a command calls it before all else."""
    for stream, mode in _MISSING.items():
        try:
            os.fstat(stream)
        except OSError:
            os.open(os.devnull, mode)  # it gets the lowest free number, which is this one
    if sys.stdout is sys.__stdout__:
        sys.stdout = _text(_Results(1, "w", closefd=False), sys.__stdout__)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _text(_Messages(2, "w", closefd=False), sys.__stderr__)


@contextmanager
def results() -> Iterator[None]:
    """Flush standard output at the end of the block, also when that is a SystemExit, as after --help.

    Raises:
        OutputError: Standard output is closed or full, now or earlier.
        BrokenPipeError: Nobody reads it.
    """
    _failures.clear()
    try:
        yield
    except SystemExit:
        _finish()
        raise
    _finish()


def _finish() -> None:
    sys.stdout.flush()
    if _failures:
        raise _failures[0]


def discard_output() -> None:
    """Print nothing more, for work that goes on although nobody learns of its results."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())  # so the interpreter's flush at exit cannot fail again
    os.close(null)


class _Results(io.FileIO):
    """Standard output, whose failures are told from those of files."""

    def write(self, data: Buffer) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            _failures.append(OutputError(error.errno, error.strerror))  # who prints may not mind, as argparse
            raise _failures[-1] from error


class _Messages(io.FileIO):
    """Standard error, whose failures nobody could be told of."""

    def write(self, data: Buffer) -> int:
        try:
            written = super().write(data)
        except OSError:
            written = None
        return memoryview(data).nbytes if written is None else written


def _text(file: io.FileIO, before: TextIO | None) -> io.TextIOWrapper:
    """Return a stream of text in place of another; names that are no text in its encoding are shown escaped."""
    encoding = "utf-8" if before is None else before.encoding
    by_line = isinstance(file, _Messages) or file.isatty()
    return io.TextIOWrapper(io.BufferedWriter(file), encoding, "backslashreplace", line_buffering=by_line)
