"""Atomic writing: a file is written beside its target and flushed before it gets its name; it is complete or not there.

A file that replaces another one is renamed over it.  A new one takes a name that nothing has, which the system decides,
so that two programs never overwrite what the other wrote.  What a killed program leaves is settled by
`latentpng.png.abandoned`.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain, count
from pathlib import Path
from typing import BinaryIO, TypeAlias

from latentpng.errors import NameTakenError, UnwritableFileError
from latentpng.png.abandoned import TEMPORARY_PREFIX, TEMPORARY_SUFFIX, claim_name, forget, recover, temporary_name
from latentpng.png.disk import flush_folder, take_name
from latentpng.text import plain

__all__ = [
    "TEMPORARY_PREFIX",
    "TEMPORARY_SUFFIX",
    "claimed",
    "similar_names",
    "write_atomically",
    "write_file",
    "write_new",
]

Part: TypeAlias = bytes | bytearray | memoryview


def write_atomically(
    path: str | os.PathLike[str], parts: Iterable[Part], *, replace: bool = True, is_durable: bool = True
) -> None:
    """Write a file so that readers see either the old one or the new one, also after a power cut.

    Args:
        path: The file; one that exists is replaced and keeps its permissions.  A symlink is followed.
        parts: The bytes of the file, in parts.
        replace: False leaves what has this name as it is.
        is_durable: False does not wait for the disk, for what can be made again, such as thumbnails.

    Raises:
        NameTakenError: If something has this name, and `replace` is false.
        UnwritableFileError: If the file cannot be written; what was written of it is removed.
    """
    if not replace:
        write_new((Path(path),), parts)
        return
    with _refusals(path):
        target = Path(os.path.realpath(path))
        if target.exists() and not (target.is_file() or target.is_dir()):  # the system itself refuses a folder
            raise UnwritableFileError(f"{plain(str(path))}: refusing to replace a pipe or device")
        with _temporary(target.parent, temporary_name()) as (file, temporary):
            if target.exists():
                temporary.chmod(stat.S_IMODE(target.stat().st_mode))
            _fill(file, parts, is_durable=is_durable)
            temporary.replace(target)
            if is_durable:
                flush_folder(target.parent)


def write_new(names: Iterable[Path], parts: Iterable[Part]) -> Path:
    """Write a file under the first of several names that nothing has.  Nothing is ever replaced.

    Args:
        names: The names, at least one, all in the same folder; they may go on without an end.
        parts: The bytes of the file, in parts.

    Returns:
        The name that was free.

    Raises:
        NameTakenError: If all of them are taken.
        UnwritableFileError: If the file cannot be written; what was written of it is removed.
    """
    left = iter(names)
    first = next(left)
    with _refusals(first):
        with _temporary(first.parent, temporary_name(first.name)) as (file, temporary):
            _fill(file, parts)
            for name in chain([first], left):
                with suppress(FileExistsError):
                    take_name(temporary, name)
                    _flush_name(name)
                    return name
        raise NameTakenError(f"{plain(str(first))}: this file exists already and is not replaced; choose another name")


def write_file(path: Path, parts: Iterable[Part], *, replace: bool) -> Path:
    """Write a file that took long to make: if its name was taken meanwhile, it gets a similar one instead.

    Args:
        path: The file.
        parts: The bytes of the file, in parts.
        replace: Replace a file that exists.

    Returns:
        The name that it got.

    Raises:
        UnwritableFileError: If the file cannot be written; what was written of it is removed.
    """
    if not replace:
        return write_new(similar_names(path), parts)
    write_atomically(path, parts)
    return path


def similar_names(path: Path) -> Iterator[Path]:
    """Yield a name and then, without an end, names like it in the same folder: a.png, a-2.png, a-3.png, ..."""
    yield path
    for number in count(2):
        yield path.with_name(f"{path.stem}-{number}{path.suffix}")


def _flush_name(name: Path) -> None:
    try:
        flush_folder(name.parent)
    except OSError:  # whoever is told that it was not saved must not find it later, beside a second copy
        with suppress(OSError):
            name.unlink()
        raise


@contextmanager
def _refusals(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn what the system says into a sentence about a file."""
    try:
        yield
    except ValueError as error:
        raise UnwritableFileError(f"{plain(str(path))}: this is not a valid file name") from error
    except OSError as error:
        raise UnwritableFileError(f"{plain(str(path))}: it cannot be written ({error.strerror or error})") from error


@contextmanager
def _temporary(folder: Path, name: str) -> Iterator[tuple[BinaryIO, Path]]:
    """Open a new file in a folder; it is locked while it is open, and removed unless it got a different name."""
    recover(folder)
    path = folder / name
    while True:
        with path.open("xb") as file:
            try:
                with suppress(OSError):  # on a file system without locks, no file counts as abandoned
                    fcntl.flock(file, fcntl.LOCK_EX)
                if not os.fstat(file.fileno()).st_nlink:
                    continue  # a different writer took it for abandoned, between open and lock, and removed it
                yield file, path
            except BaseException:
                forget(folder)  # what cannot be removed now is removed by the next writer
                raise
            finally:
                with suppress(OSError):
                    path.unlink()
            return


@contextmanager
def claimed(folder: Path, what: str) -> Iterator[bool]:
    """Claim something for this program alone, by a file in a folder that exists meanwhile; no lock is needed.

    Args:
        folder: The folder.
        what: A text that names what is claimed.

    Yields:
        Whether it was claimed; False while a different program has it.

    Raises:
        OSError: Nothing can be written in the folder.
    """
    name = claim_name(what)
    with ExitStack() as stack:
        is_claimed = False
        for _ in range(2):
            try:
                stack.enter_context(_temporary(folder, name))
            except FileExistsError:
                forget(folder)  # a program that was killed may have left it
            else:
                is_claimed = True
                break
        yield is_claimed


def _fill(file: BinaryIO, parts: Iterable[Part], *, is_durable: bool = True) -> None:
    """Write a whole file, and flush it to the disk."""
    for part in parts:
        file.write(part)
    file.flush()
    if is_durable:
        os.fsync(file.fileno())
