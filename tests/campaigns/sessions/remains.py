"""What a program may leave on the disk, and what it may not."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from PIL import Image

from engine.errors import EngineError
from engine.search.journal import Journal
from engine.search.journal_files import journals_in
from engine.search.sessions import read_session
from latentpng.errors import LatentPngError
from latentpng.identity import picture_keys
from latentpng.png.abandoned import REPLACING_SUFFIX, TEMPORARY_SUFFIX, recover
from latentpng.png.files import read_record
from latentpng.reports.verify import verify_file
from tests.support.tui.consistency import problems_of

_UNFINISHED = (TEMPORARY_SUFFIX, REPLACING_SUFFIX, ".tmp", ".lock")
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
    """Return what is wrong with pictures, as `latentpng verify` says it, and with films and contact sheets."""
    films = {*home.rglob("*.webp"), *home.rglob("way*.png"), *home.rglob("sheet*.png")}
    reports = map(verify_file, sorted({*home.rglob("*.png")} - films))
    return [f"{each.file}: {each.problem}" for each in reports if each.problem] + list(_broken_films(films))


def settle_folders(home: Path, but: Collection[str]) -> None:
    """Settle what a killed program has left in folders of sessions, as the next one does that writes there.

    Args:
        home: The home directory.
        but: The names of the folders in which a program has ended cleanly, so that nothing may be left.
    """
    for folder in _folders(home):
        if folder.name not in but:
            recover(folder)


def shared_memory() -> frozenset[str]:
    """Return the names in the shared memory of this machine."""
    return frozenset(os.listdir(SHARED_MEMORY)) if SHARED_MEMORY.is_dir() else frozenset()  # noqa: PTH208 (names alone)


def forgotten_in(names: Iterable[str]) -> list[str]:
    """Return which of these names in the shared memory are used by no process: whoever made them is gone."""
    maps = [_read(path) for path in Path("/proc").glob("[0-9]*/maps")]
    gone = [name for name in names if (SHARED_MEMORY / name).is_file() and not any(name in text for text in maps)]
    return [f"{SHARED_MEMORY / name} is left over" for name in gone]


def journals_of(folder: Path) -> list[Journal]:
    """Return the journals of a folder that can be read, the one that was written last first."""
    names = sorted(journals_in(folder), key=lambda name: (folder / name).stat().st_mtime, reverse=True)
    found = []
    for name in names:
        with contextlib.suppress(EngineError):
            found.append(read_session(folder, name))
    return found


def inconsistencies(home: Path) -> list[str]:
    """Return what journals and pictures say differently.

    A picture that no journal names is no fault here: the program may have been killed between the two.
    """
    folders = _folders(home)
    found = [f"{folder.name}: {problem}" for folder in folders for problem in problems_of(folder)]
    return [each for each in found if not each.endswith(("is not in the journal", "is no node of the tree"))]


def strangers(folder: Path) -> list[str]:
    """Return what the journals of a folder name that is a different picture, or none at all."""
    found = []
    for name in journals_in(folder):
        try:
            journal = read_session(folder, name)
            for key, path in journal.files.items():
                if picture_keys(read_record(path).lineage)[-1] != key:
                    found.append(f"{name} names {path.name}, which is a different picture")
        except (EngineError, LatentPngError) as error:
            found.append(f"{name}: {error}")
    return found


def _folders(home: Path) -> list[Path]:
    return sorted(path for path in (home / "Pictures" / "warmer").glob("*") if path.is_dir())


def _broken_films(films: Iterable[Path]) -> Iterator[str]:
    for path in films:
        try:
            with Image.open(path) as film:
                film.seek(getattr(film, "n_frames", 1) - 1)
                film.load()
        except (OSError, EOFError, ValueError) as error:
            yield f"{path.name} is no whole film: {error}"


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
