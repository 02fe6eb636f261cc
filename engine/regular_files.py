"""Opening files of our own that somebody else may have put there: what is no regular file may never end."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_regular(path: Path) -> BinaryIO:
    """Open a file to read it; a pipe, whose writer one could wait for without an end, is refused, and so is a device.

    Raises:
        OSError: It cannot be opened, or is no regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("it is a folder, a pipe or a device")
    return open(descriptor, "rb")  # noqa: PTH123 (a descriptor)
