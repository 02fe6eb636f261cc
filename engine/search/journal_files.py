"""The journals of a folder: what they are called.

Each search has a journal of its own, so several of them may save into one folder: `session.json` is that of the first
one, `session-2.json` that of the second, and so on.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, count
from pathlib import Path

JOURNAL_NAME = "session.json"
"""The name of the first journal in a folder."""
MAX_JOURNALS = 100
"""Journals of one folder that are listed."""
_NAME = re.compile(r"session(?:-([1-9][0-9]{0,5}))?\.json", re.ASCII)


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


def journal_names(first: str = JOURNAL_NAME) -> Iterator[str]:
    """Yield the names that a journal may have, the best one first, without an end.

    Args:
        first: The name that is tried before all others.
    """
    return chain((first, JOURNAL_NAME), (f"session-{number}.json" for number in count(2)))
