"""Opening what a person names: a file, or "-" for standard input, always with a size and a seekable stream.

A named pipe or a device is refused: it can be read once only, and opening it may wait for ever.
"""

from __future__ import annotations

import io
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import BinaryIO

from latentpng.errors import UnreadableFileError
from latentpng.png.chunks import SIGNATURE
from latentpng.text import plain

STANDARD_INPUT = "-"
MAX_PIPE = 2**28
_STARTS = (SIGNATURE, b"\xff\xd8\xff", b"RIFF")  # of PNG, of JPEG, and of WebP among others
_BUFFER_BYTES = 4096  # one page: `inspect` needs no more of a file


@contextmanager
def open_picture(path: str | os.PathLike[str]) -> Iterator[tuple[BinaryIO, int, str]]:
    """The stream, its size in bytes, and the name that errors use.

    UnreadableFileError when it cannot be opened or read.
    """
    name = "standard input" if os.fspath(path) == STANDARD_INPUT else plain(os.fspath(path))
    try:
        with _opened(path, name) as file:
            if os.fspath(path) == STANDARD_INPUT:
                yield *_buffered(file, name), name
                return
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise UnreadableFileError(f"{name}: a file needed, found a pipe or a device; - is standard input")
            yield file, status.st_size, name
    except OSError as error:
        raise UnreadableFileError(f"{name}: it cannot be read ({error.strerror or error})") from error


def _opened(path: str | os.PathLike[str], name: str) -> AbstractContextManager[BinaryIO]:
    if os.fspath(path) == STANDARD_INPUT:
        if sys.stdin is None:
            raise UnreadableFileError(f"{name}: it is closed")
        return nullcontext(sys.stdin.buffer)
    if not os.fspath(path):
        raise UnreadableFileError("'': no file has such a name")
    try:
        return open(path, "rb", buffering=_BUFFER_BYTES, opener=_without_waiting)
    except ValueError as error:
        raise UnreadableFileError(f"{name}: no file has such a name") from error


def _without_waiting(path: str, flags: int) -> int:
    """A pipe without a writer opens at once, too; to a file it makes no difference."""
    return os.open(path, flags | os.O_NONBLOCK)


def _buffered(pipe: BinaryIO, name: str) -> tuple[BinaryIO, int]:
    data = io.BytesIO()
    data.write(pipe.read(len(SIGNATURE)))
    if data.getvalue().startswith(_STARTS):  # nothing else is read to its end: there may be none
        data.write(pipe.read(MAX_PIPE))
    if data.tell() > MAX_PIPE:
        raise UnreadableFileError(f"{name}: at most {MAX_PIPE} bytes are read from a pipe, found more")
    return data, data.tell()
