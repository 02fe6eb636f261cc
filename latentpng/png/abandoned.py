"""What killed programs and power cuts leave of files that were being written: whole pictures are kept, the rest goes.

Every writer locks its temporary file, and the lock ends with the process.  So a file without a lock is abandoned.  The
name of a new file stands in that of its temporary file, so that a picture which was finished gets it after all.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain, count
from pathlib import Path

from latentpng.chunk.strict_json import read_json
from latentpng.errors import LatentPngError
from latentpng.png import chunks
from latentpng.png.disk import flush_folder, take_name
from latentpng.text import plain

TEMPORARY_PREFIX = ".latentpng-"
TEMPORARY_SUFFIX = ".part"
REPLACING_SUFFIX = ".replacement"
_TEMPORARY = re.compile(
    re.escape(TEMPORARY_PREFIX)
    + f"[0-9a-f]{{16}}(?:{re.escape(REPLACING_SUFFIX)}|(?:-(?P<name>.+))?(?P<new>{re.escape(TEMPORARY_SUFFIX)}))",
    re.DOTALL,
)
_PICTURE = re.compile(r"[^.].*\.png", re.DOTALL | re.IGNORECASE)
_JOURNAL = re.compile(r"session(-[0-9]+)?\.json", re.ASCII)
"""Beside pictures, the journals of warmer's sessions are kept: a search is as hard to make again."""
_MAX_JOURNAL_BYTES, _MAX_PICTURE_BYTES = 64 * 2**20, 2**30
_MAX_STEM, _MAX_SUFFIX = 80, 20  # bytes of the name that are kept: all of it must not be longer than file systems take
_MAX_NAMES = 6
_looked_into: set[tuple[int, str, int]] = set()  # the folders that need not be listed again for each file


def temporary_name(name: str = "") -> str:
    """Return a name for a file that is being written.

    Args:
        name: The name that it is to have when it is finished; "" if it is to replace a file, which is there until then.
    """
    start = f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}"
    if not name:
        return start + REPLACING_SUFFIX
    stem, suffix = os.path.splitext(name)  # noqa: PTH122 (a name, not a path)
    kept = os.fsencode(stem)[:_MAX_STEM] + os.fsencode(suffix)[:_MAX_SUFFIX]
    return f"{start}-{os.fsdecode(kept)}{TEMPORARY_SUFFIX}"


def claim_name(what: str) -> str:
    """Return the name of the file by which a program claims something; one that is abandoned is removed."""
    return f"{TEMPORARY_PREFIX}{hashlib.sha256(what.encode()).hexdigest()[:16]}{REPLACING_SUFFIX}"


def recover(folder: Path) -> tuple[Path, ...]:
    """Give whole pictures that no living program is writing their names, and remove what else is abandoned.

    A process looks once into each folder; `forget` lets it look again.

    Args:
        folder: The folder.

    Returns:
        The pictures and journals that got a name now: the one that they were to have, else a similar one that is free.
    """
    recovered: list[Path] = []
    with suppress(OSError, ValueError):
        key = os.getpid(), str(folder), folder.stat().st_ino
        if key in _looked_into:
            return ()
        found = list(filter(None, map(_TEMPORARY.fullmatch, os.listdir(folder))))  # noqa: PTH208 (a Path is slower)
        _looked_into.add(key)
        for match in found:
            with suppress(OSError):
                recovered += _settle(folder, match)
        if found:
            flush_folder(folder)
    return tuple(recovered)


def recovered_words(paths: Sequence[Path]) -> str:
    """Return what a person is told about files that `recover` returned, as a sentence."""
    names = ", ".join(plain(path.name) for path in paths[:_MAX_NAMES]) + (", ..." if len(paths) > _MAX_NAMES else "")
    return (
        f"{plain(str(paths[0].parent))}: a program was ended while it saved here; this was whole and is kept: {names}"
    )


def forget(folder: Path) -> None:
    """Look into a folder again before the next file is written there."""
    _looked_into.difference_update({key for key in tuple(_looked_into) if key[1] == str(folder)})


def _settle(folder: Path, match: re.Match[str]) -> Iterator[Path]:
    """Remove a temporary file or give it a name, which is yielded; OSError if a process still writes it."""
    path = folder / match[0]
    access = os.O_RDWR if os.access(path, os.W_OK) else os.O_RDONLY  # NFS locks only what is open for writing
    descriptor = os.open(path, access | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or not status.st_nlink:
            return
        # a second link: it has its name, and was not removed under this one
        if status.st_nlink == 1 and match["new"] and _is_whole(descriptor, status.st_size, match["name"] or ".png"):
            yield _give_name(path, folder, match["name"] or "")
        else:
            path.unlink()
    finally:
        os.close(descriptor)


def _give_name(path: Path, folder: Path, name: str) -> Path:
    """Give a whole file its name, or a similar one that is free."""
    stem, suffix = os.path.splitext(name) if name else ("", ".png")  # noqa: PTH122 (a name, not a path)
    similar = f"{stem}-recovered" if stem else "recovered"
    names = (f"{similar}{f'-{number}' if number > 1 else ''}{suffix}" for number in count(1))
    return next(folder / each for each in chain([name] if name else [], names) if _take(path, folder / each))


def _take(path: Path, target: Path) -> bool:
    """Give a file a name if that is free; return whether it was."""
    try:
        take_name(path, target)
    except FileExistsError:
        status = target.lstat()
        if status.st_size or not stat.S_ISREG(status.st_mode):
            return False
        path.replace(target)  # where there are no hard links, an empty file took the name for it
    return True


def _is_whole(descriptor: int, size: int, name: str) -> bool:
    """Return whether a file is a whole picture, or a whole journal."""
    with suppress(LatentPngError), open(os.dup(descriptor), "rb") as stream:  # noqa: PTH123 (a descriptor)
        if (_PICTURE.fullmatch(name) or name == ".png") and size <= _MAX_PICTURE_BYTES:
            for chunk in chunks.walk(stream, size, name):
                chunks.check(stream, chunk, name)
            return True
        if _JOURNAL.fullmatch(name) and size <= _MAX_JOURNAL_BYTES:
            stream.seek(0)
            return bool(read_json(stream.read()))
    return False
