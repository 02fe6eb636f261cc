"""What a program may leave on the disk, and what it may not."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from engine.errors import EngineError
from engine.search.journal import Journal
from engine.search.journal_files import journals_in
from engine.search.sessions import read_session
from latentpng.reports.verify import verify_file
from tests.support.tui.consistency import problems_of

_UNFINISHED = (".part", ".tmp", ".lock")
SHARED_MEMORY = Path("/dev/shm")


def leftovers(home: Path) -> list[str]:
    """Return the unfinished files, sockets and pipes under a home directory, and what was forgotten in TMPDIR."""
    found = []
    for folder, _, names in os.walk(home):
        for path in (Path(folder, name) for name in names):
            mode = path.lstat().st_mode
            is_odd = not stat.S_ISREG(mode) and not stat.S_ISLNK(mode)
            if is_odd or path.suffix in _UNFINISHED or path.is_relative_to(home / "tmp"):
                found.append(f"{path.relative_to(home)} is left over")
    return found


def broken_pictures(home: Path) -> list[str]:
    """Return what `latentpng verify` says about the pictures that are not whole."""
    reports = map(verify_file, sorted(home.rglob("*.png")))
    return [f"{report.file}: {report.problem}" for report in reports if report.problem]


def shared_memory() -> frozenset[str]:
    """Return the names in the shared memory of this machine."""
    return frozenset(os.listdir(SHARED_MEMORY)) if SHARED_MEMORY.is_dir() else frozenset()  # noqa: PTH208


def forgotten_in(names: Iterable[str]) -> list[str]:
    """Return which of these names in the shared memory are used by no process: whoever made them is gone."""
    maps = [_read(path) for path in Path("/proc").glob("[0-9]*/maps")]
    gone = [name for name in names if (SHARED_MEMORY / name).is_file() and not any(name in text for text in maps)]
    return [f"{SHARED_MEMORY / name} is left over" for name in gone]


def journal_of(folder: Path) -> Journal | str:
    """Return the journal of a folder that was written last, or why it cannot be read."""
    names = sorted(journals_in(folder), key=lambda name: (folder / name).stat().st_mtime)
    if not names:
        return "there is no journal"
    try:
        return read_session(folder, names[-1])
    except EngineError as error:
        return str(error)


def inconsistencies(home: Path) -> list[str]:
    """Return what journals and pictures say differently.

    A picture that no journal names is no fault here: the program may have been killed between the two.
    """
    folders = sorted(path for path in (home / "Pictures" / "warmer").glob("*") if path.is_dir())
    found = [f"{folder.name}: {problem}" for folder in folders for problem in problems_of(folder)]
    return [each for each in found if not each.endswith(("is not in the journal", "is no node of the tree"))]


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
