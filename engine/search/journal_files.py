"""The journals of a folder: what they are called, and how programs that share a folder keep out of each other's way.

Each search has a journal of its own, so several of them may save into one folder: `session.json` is that of the first
one, `session-2.json` that of the second, and so on.
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

JOURNAL_NAME = "session.json"
"""The name of the first journal in a folder."""
MAX_JOURNALS = 100
"""Journals of one folder that are listed."""
_NAME = re.compile(r"session(?:-([1-9][0-9]{0,5}))?\.json", re.ASCII)
_WAIT_SECONDS = 5.0
_RETRY_SECONDS = 0.02


def journals_in(folder: Path) -> tuple[str, ...]:
    """Return the names of the journals in a folder, the first one first, at most `MAX_JOURNALS`; () for none.

    Only names are looked at: any of them may be damaged, or no journal at all.
    """
    found: list[tuple[int, str]] = []
    with suppress(OSError, ValueError):
        for name in os.listdir(folder):  # noqa: PTH208 (a Path for each takes longer)
            if match := _NAME.fullmatch(name):
                found.append((int(match[1] or 1), name))
    return tuple(name for _, name in sorted(found)[:MAX_JOURNALS])


def free_journal(folder: Path) -> str:
    """Return the first name for a journal that nothing in a folder has."""
    names = (JOURNAL_NAME if number == 1 else f"session-{number}.json" for number in count(1))
    return next(name for name in names if not os.path.lexists(folder / name))


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other search writes into a folder, and keep others waiting meanwhile.

    The lock ends with the process, and leaves nothing behind.  Where the file system has no locks, and where another
    program stopped in the middle of writing, the search goes on without it.

    Args:
        folder: The folder; it is created where it can be.
    """
    descriptor = _locked(folder)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _locked(folder: Path) -> int | None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:  # who writes there says why that fails
        return None
    end = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < end:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_RETRY_SECONDS)
        except OSError:
            break
        else:
            return descriptor
    os.close(descriptor)
    return None
