"""Files that are there whole or not at all: written beside the target, flushed to the disk, then renamed."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from latentpng.errors import UnwritableFile
from latentpng.text import plain

TEMPORARY_PREFIX = ".latentpng-"
TEMPORARY_SUFFIX = ".part"


def write_atomically(path: str | os.PathLike[str], parts: Iterable[bytes]) -> None:
    """Write a file; readers see the old one or the new one.  Keeps the permissions of a file it replaces.

    UnwritableFile when that fails; what was written so far is removed.
    """
    try:
        target = Path(os.path.realpath(path))
        with _temporary(target) as (file, temporary):
            if target.exists():
                temporary.chmod(stat.S_IMODE(target.stat().st_mode))
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
            temporary.replace(target)
    except ValueError as error:
        raise UnwritableFile(f"{plain(str(path))}: no file has such a name") from error
    except OSError as error:
        raise UnwritableFile(f"{plain(str(path))}: it cannot be written ({error.strerror or error})") from error


@contextmanager
def _temporary(target: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """A new file beside the target, gone at the end unless it was renamed."""
    path = target.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}{TEMPORARY_SUFFIX}")
    with path.open("xb") as file:
        try:
            yield file, path
        finally:
            path.unlink(missing_ok=True)
