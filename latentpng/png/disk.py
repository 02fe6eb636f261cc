"""What decides whether a file survives: names that are taken atomically, and names that are flushed to the disk."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

_NO_LINKS = frozenset(
    {
        errno.EPERM,  # FAT and exFAT
        errno.EACCES,  # Android
        errno.EOPNOTSUPP,
        errno.ENOTSUP,
        errno.ENOSYS,
        errno.EMLINK,
        errno.EXDEV,
    }
)
_NO_FLUSHING = frozenset({errno.EINVAL, errno.EBADF, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS})


def make_folder(folder: Path, *, is_new: bool = False) -> None:
    """Create a folder and those above it that do not exist, and flush their names to the disk.

    Args:
        folder: The folder.
        is_new: Whether it must not exist yet.

    Raises:
        FileExistsError: It exists, and `is_new` is set.
        OSError: It cannot be created.
    """
    missing = [folder]
    while not missing[-1].parent.exists() and missing[-1].parent != missing[-1]:
        missing.append(missing[-1].parent)
    for each in reversed(missing):
        try:
            each.mkdir()
        except FileExistsError:
            if (is_new and each is folder) or not each.is_dir():
                raise
        else:
            _flush_new(each)


def _flush_new(folder: Path) -> None:
    try:
        flush_folder(folder.parent)
    except OSError:
        with suppress(OSError):
            folder.rmdir()
        raise


def flush_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk, so that a power cut does not take back a new one.

    Where the system cannot do this, nothing happens.

    Raises:
        OSError: The folder is gone, or the disk reports an error.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except PermissionError:  # files may be created in it, but it may not be read
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FLUSHING:
            raise
    finally:
        os.close(descriptor)


# A hard link fails where the name exists, and it never shows half a file.  Where a file system has no hard links, an
# empty file takes the name; the finished one may then replace it, because it is certainly ours.
def take_name(file: Path, name: Path) -> None:
    """Give a finished file a name that nothing has yet, in the same folder; its old name goes.

    Raises:
        FileExistsError: Something has that name.
        OSError: It cannot be given.
    """
    try:
        name.hardlink_to(file)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
    else:
        with suppress(OSError):  # the file has its name; the old one is removed later, as that of a killed writer
            file.unlink()
        return
    name.touch(exist_ok=False)
    try:
        file.replace(name)
    except BaseException:
        with suppress(OSError):
            name.unlink()
        raise
