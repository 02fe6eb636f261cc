"""A session's folder on disk: every picture saved the moment it exists, and a journal to go on from.

The pictures need nothing beside them.  The journal only remembers what no picture can: which scale, bands and
candidates were on offer when the terminal went away.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from engine.errors import EngineError
from engine.rendering.events import Picture
from engine.search.session import Mode, Session
from latentpng.chunk.metadata import round_from_json, round_to_json
from latentpng.errors import LatentPngError
from latentpng.record import Json, LatentRecord, Round
from latentpng.text import plain

MAX_TITLE = 60


class StoreError(EngineError):
    """A folder or file of the session cannot be written; the text says which and why."""


def session_folder(parent: Path, prompt: str, day: date) -> Path:
    """The folder of a new session, `<date> <prompt>` and a number when that is taken; not created yet."""
    title = re.sub(r"[^\w ,.-]+", " ", plain(prompt, limit=400)).strip(" .-")
    title = " ".join(title.split())[:MAX_TITLE].strip(" .-,") or "untitled"
    name = f"{day.isoformat()} {title}"
    candidates = (parent / (name if number == 1 else f"{name} {number}") for number in range(1, 10_000))
    return next(folder for folder in candidates if not folder.exists())


class PictureFolder:
    """Saves pictures in the order in which they come, in a thread of its own, each once.

    Names: `<number>-round<rounds>.png`; a picture that was already saved keeps its name.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._saved: dict[str, Future[Path]] = {}
        self._number = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="save")

    def save(self, picture: Picture, record: LatentRecord) -> Future[Path]:
        """Begins to save a picture; the result is its path, or StoreError."""
        key = f"{record.node} {record.pixels}"
        earlier = self._saved.get(key)
        if earlier is None or failed(earlier):
            self._number += 1
            earlier = self._thread.submit(self._write, self._number, picture, record)
            self._saved[key] = earlier
        return earlier

    def run(self, work: Callable[[], None]) -> Future[None]:
        """Does something after everything that was to be saved before."""
        return self._thread.submit(work)

    def close(self) -> None:
        """Returns when everything is written."""
        self._thread.shutdown(wait=True)

    def _write(self, number: int, picture: Picture, record: LatentRecord) -> Path:
        from latentpng.png.files import write_picture  # numpy and Pillow: not before the first picture

        rounds = len(record.lineage.rounds)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            path = _free_path(self.folder, number, rounds)
            write_picture(path, picture.width, picture.height, picture.rgb, record)
        except OSError as error:
            raise StoreError(f"{self.folder}: cannot save a picture there: {error.strerror or error}") from error
        except LatentPngError as error:
            raise StoreError(str(error)) from error
        return path


def failed(saving: Future[Path]) -> bool:
    """It is over, and nothing was written."""
    return saving.done() and saving.exception() is not None


def _free_path(folder: Path, number: int, rounds: int) -> Path:
    """A name that no file has: an older session may have used this folder."""
    while list(folder.glob(f"{number:03d}-*")):
        number += 1
    return folder / f"{number:03d}-round{rounds}.png"


@dataclass(frozen=True, kw_only=True, slots=True)
class Journal:
    """Where a session stood.

    picture: the newest saved picture that leads to its parent.  rounds: those after it, picked but not yet rendered.
    folder: of the session.  template, mode, seed, drawn: as in `Session`.
    """

    picture: Path
    folder: Path
    rounds: tuple[Round, ...]
    template: Round
    mode: Mode
    seed: int
    drawn: int

    @staticmethod
    def of(session: Session, picture: Path, folder: Path, saved_rounds: int) -> Journal:
        """The journal of a session; `picture` shows its lineage after `saved_rounds` rounds."""
        return Journal(
            picture=picture.absolute(),
            folder=folder.absolute(),
            rounds=session.lineage.rounds[saved_rounds:],
            template=session.template,
            mode=session.mode,
            seed=session.seed,
            drawn=session.drawn,
        )

    def resume(self, session: Session) -> Session:
        """A session begun from the journal's lineage, at what was on offer."""
        return replace(session, template=self.template, mode=self.mode, seed=self.seed, drawn=self.drawn)


def write_journal(path: Path, journal: Journal) -> None:
    """Replaces the journal, whole or not at all.  StoreError."""
    entries: dict[str, Json] = {
        "picture": str(journal.picture),
        "folder": str(journal.folder),
        "rounds": [round_to_json(round_) for round_ in journal.rounds],
        "template": round_to_json(journal.template),
        "mode": str(journal.mode),
        "seed": str(journal.seed),
        "drawn": journal.drawn,
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_text(path, json.dumps(entries, indent=1))
    except OSError as error:
        raise StoreError(f"{path}: cannot remember the session there: {error.strerror or error}") from error


def read_journal(path: Path) -> Journal | None:
    """The last session's journal; None when there is none, its picture is gone, or it is damaged."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, LatentPngError):
        entries = json.loads(path.read_text(encoding="utf-8"))
        journal = Journal(
            picture=Path(entries["picture"]),
            folder=Path(entries["folder"]),
            rounds=tuple(round_from_json(entry) for entry in entries["rounds"]),
            template=round_from_json(entries["template"]),
            mode=Mode(entries["mode"]),
            seed=int(entries["seed"]),
            drawn=int(entries["drawn"]),
        )
        if journal.picture.is_file():
            return journal
    return None


def replace_text(path: Path, text: str) -> None:
    """Writes beside the target, then renames.  OSError."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def recent_pictures(folder: Path, limit: int) -> tuple[Path, ...]:
    """The newest pictures of the sessions under `folder`, newest first."""
    found: list[tuple[float, Path]] = []
    with contextlib.suppress(OSError):
        for path in folder.glob("*/*.png"):
            with contextlib.suppress(OSError):
                found.append((path.stat().st_mtime, path))
    return tuple(path for _, path in sorted(found, reverse=True)[:limit])
