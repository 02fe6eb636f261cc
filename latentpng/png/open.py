"""Opening of pictures: a file, or "-" for standard input, always with a size and a seekable stream.

A named pipe or a device is refused: it can be read only once, and reading it may never end.
"""

from __future__ import annotations

import io
import os
import stat
import sys
from typing import BinaryIO

from latentpng.errors import UnreadableFileError
from latentpng.png.chunks import SIGNATURE
from latentpng.text import plain

STANDARD_INPUT = "-"
MAX_PIPE = 2**28
_STARTS = (SIGNATURE, b"\xff\xd8\xff", b"RIFF", b"GIF8")  # of PNG, of JPEG, of WebP among others, of GIF
_BOX = b"ftyp"  # stands behind four bytes in AVIF
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC  # without O_NONBLOCK, opening a pipe waits for its writer


def open_picture(path: str | os.PathLike[str]) -> OpenPicture:
    """Return a context manager that opens a file, or standard input for "-"; `OpenPicture` says what it gives."""
    return OpenPicture(path)


class OpenPicture:
    """The context manager of an open picture.

    It is a class because `inspect` opens thousands of files, and a generator takes a microsecond more for each.
    """

    __slots__ = ("_file", "_name", "_path")

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Take the path; nothing is opened yet."""
        self._path = os.fspath(path)
        self._file: BinaryIO | None = None
        self._name = "standard input" if self._path == STANDARD_INPUT else plain(self._path)

    def __enter__(self) -> tuple[BinaryIO, int, str]:
        """Open the picture.

        Returns:
            The stream, its size in bytes, and the name that errors use.

        Raises:
            UnreadableFileError: If it cannot be opened, or is no regular file.
        """
        name = self._name
        try:
            if self._path == STANDARD_INPUT:
                return *_standard_input(name), name
            self._file = _file(self._path, name)
            status = os.fstat(self._file.fileno())
        except OSError as error:
            raise unreadable(name, error) from error
        if not stat.S_ISREG(status.st_mode):
            self._file.close()
            raise UnreadableFileError(
                f"{name}: a regular file needed, found a pipe or device; use - for standard input"
            )
        return self._file, status.st_size, name

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        """Close the picture.

        Raises:
            UnreadableFileError: If reading it failed.
        """
        if self._file is not None:
            self._file.close()
        if isinstance(error, OSError):
            raise unreadable(self._name, error) from error


def unreadable(name: str, error: OSError) -> UnreadableFileError:
    """Return the error for a file that the system does not let us read; name: the start of the message."""
    return UnreadableFileError(f"{name}: it cannot be read ({error.strerror or error})")


def _file(path: str, name: str) -> io.FileIO:
    """Open a file without a buffer: `chunks.walk` reads the first page at once and needs no other one."""
    if not path:
        raise UnreadableFileError("'': this is not a valid file name")
    try:
        descriptor = os.open(path, _READ)
    except ValueError as error:
        raise UnreadableFileError(f"{name}: this is not a valid file name") from error
    try:
        return io.FileIO(descriptor)
    except OSError:  # a folder
        os.close(descriptor)
        raise


def _standard_input(name: str) -> tuple[BinaryIO, int]:
    """Return all of standard input, and its size."""
    if sys.stdin is None:
        raise UnreadableFileError(f"{name}: it is closed")
    pipe, data = sys.stdin.buffer, io.BytesIO()
    data.write(pipe.read(len(SIGNATURE)))
    start = data.getvalue()
    if start.startswith(_STARTS) or start[4:] == _BOX:  # anything else is not read to its end: it may have none
        data.write(pipe.read(MAX_PIPE))
    if data.tell() > MAX_PIPE:
        raise UnreadableFileError(f"{name}: at most {MAX_PIPE} bytes are read from a pipe, found more")
    return data, data.tell()
