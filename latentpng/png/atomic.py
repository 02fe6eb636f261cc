"""Atomic writing: a file is written beside its target, flushed to the disk, and renamed; it is complete or not there.

A process that is killed leaves its temporary file behind.  Every writer locks its temporary file, and the lock ends
with the process, so the next writer into that folder recognises abandoned files and removes them.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from latentpng.errors import UnwritableFileError
from latentpng.text import plain

TEMPORARY_PREFIX = ".latentpng-"
TEMPORARY_SUFFIX = ".part"
_TEMPORARY = re.compile(re.escape(TEMPORARY_PREFIX) + "[0-9a-f]{16}" + re.escape(TEMPORARY_SUFFIX))


def write_atomically(path: str | os.PathLike[str], parts: Iterable[bytes]) -> None:
    """Write a file so that readers see either the old one or the new one.

    Args:
        path: The file; one that exists is replaced and keeps its permissions.  A symlink is followed.
        parts: The bytes of the file, in parts.

    Raises:
        UnwritableFileError: If the file cannot be written; what was written of it is removed.
    """
    try:
        target = Path(os.path.realpath(path))
        if target.exists() and not (target.is_file() or target.is_dir()):  # the system itself refuses a folder
            raise UnwritableFileError(f"{plain(str(path))}: refusing to replace a pipe or device")
        _remove_abandoned(target.parent)
        with _temporary(target) as (file, temporary):
            if target.exists():
                temporary.chmod(stat.S_IMODE(target.stat().st_mode))
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
            temporary.replace(target)
    except ValueError as error:
        raise UnwritableFileError(f"{plain(str(path))}: this is not a valid file name") from error
    except OSError as error:
        raise UnwritableFileError(f"{plain(str(path))}: it cannot be written ({error.strerror or error})") from error


@contextmanager
def _temporary(target: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """Open a new file beside the target; it is locked while it is open, and removed unless it was renamed."""
    while True:
        path = target.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}{TEMPORARY_SUFFIX}")
        with path.open("xb") as file:
            with suppress(OSError):  # on a file system without locks, no file counts as abandoned
                fcntl.flock(file, fcntl.LOCK_EX)
            if not os.fstat(file.fileno()).st_nlink:
                continue  # a different writer took it for abandoned, between open and lock, and removed it
            try:
                yield file, path
            finally:
                path.unlink(missing_ok=True)
            return


def _remove_abandoned(folder: Path) -> None:
    """Remove the temporary files that killed processes left in a folder, as far as that is possible."""
    with suppress(OSError):
        for name in filter(_TEMPORARY.fullmatch, os.listdir(folder)):  # noqa: PTH208 - a Path for each takes longer
            with suppress(OSError):
                _remove_unless_locked(folder / name)


def _remove_unless_locked(path: Path) -> None:
    """Remove a temporary file; OSError if a process still writes it, or if it cannot be opened."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        path.unlink()
    finally:
        os.close(descriptor)
