"""Questions about paths that may come from anywhere, and opening them: nothing here fails for its name or hangs.

`Path.is_file` and `Path.is_dir` raise where a name is too long, or where a folder above may not be searched.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO


def is_file(path: Path) -> bool:
    """Return whether this is a file that can be seen."""
    return os.path.isfile(path)  # noqa: PTH113


def is_folder(path: Path) -> bool:
    """Return whether this is a folder that can be seen."""
    return os.path.isdir(path)  # noqa: PTH112


def is_there(path: Path) -> bool:
    """Return whether there is anything at this path that can be seen."""
    return os.path.exists(path)  # noqa: PTH110


def open_regular(path: Path) -> BinaryIO:
    """Open a file to read it; a pipe, whose writer one could wait for without an end, is refused, and so is a device.

    Raises:
        OSError: It cannot be opened, is no regular file, or no file can have this name.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError as error:  # a NUL byte, or half a surrogate pair
        raise OSError("this is not a valid file name") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("it is a folder, a pipe or a device")
    return open(descriptor, "rb")  # noqa: PTH123 (a descriptor)
