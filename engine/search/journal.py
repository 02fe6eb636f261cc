"""The journal of the last session: which grid was on offer when the terminal went away.

The pictures need nothing beside them.  The journal only remembers what no picture can: the scale, bands and candidates
that had not been answered yet.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import StoreError
from engine.search.session import Mode, Session
from latentpng.chunk.metadata import round_from_json, round_to_json
from latentpng.errors import LatentPngError, UnwritableFileError
from latentpng.json_fields import JsonFields
from latentpng.png.atomic import write_atomically
from latentpng.record import Json, Round


@dataclass(frozen=True, kw_only=True, slots=True)
class Journal:
    """Where a session stood.

    Attributes:
        picture: The newest saved picture that leads to the parent.
        folder: The folder of the session.
        rounds: The rounds after that picture: picked, but not rendered yet.
        template: The round on offer, as in `Session`.
        mode: As in `Session`.
        seed: As in `Session`.
    """

    picture: Path
    folder: Path
    rounds: tuple[Round, ...]
    template: Round
    mode: Mode
    seed: int

    @staticmethod
    def of(session: Session, picture: Path, folder: Path, saved_rounds: int) -> Journal:
        """Return the journal of a session.

        Args:
            session: The session.
            picture: A saved picture: the session's lineage after `saved_rounds` rounds.
            folder: The folder of the session.
            saved_rounds: The number of rounds of that picture.
        """
        return Journal(
            picture=picture.absolute(),
            folder=folder.absolute(),
            rounds=session.lineage.rounds[saved_rounds:],
            template=session.template,
            mode=session.mode,
            seed=session.seed,
        )

    def resume(self, session: Session) -> Session:
        """Return a session that began from the journal's lineage, with the journal's grid on offer."""
        place = replace(session.place, template=self.template)
        return replace(session, place=place, mode=self.mode, seed=self.seed)


def write_journal(path: Path, journal: Journal) -> None:
    """Replace the journal; readers see the old one or the new one.

    Args:
        path: The file.
        journal: The new content.

    Raises:
        StoreError: The file or its folder cannot be written.
    """
    entries: dict[str, Json] = {
        "picture": str(journal.picture),
        "folder": str(journal.folder),
        "rounds": [round_to_json(round_) for round_ in journal.rounds],
        "template": round_to_json(journal.template),
        "mode": str(journal.mode),
        "seed": str(journal.seed),
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, [json.dumps(entries, indent=1).encode("ascii")])
    except OSError as error:
        raise StoreError(
            f"{path.parent}: the folder for the session's journal cannot be created: {error.strerror or error}"
        ) from error
    except UnwritableFileError as error:
        raise StoreError(f"the session's journal cannot be saved: {error}") from error


def read_journal(path: Path) -> Journal | None:
    """Return the journal of the last session; None when there is none, it is damaged, or its picture is gone."""
    try:
        journal = _parsed(json.loads(path.read_text(encoding="utf-8")))
        return journal if journal.picture.is_file() else None
    except (OSError, ValueError, RecursionError, LatentPngError):
        return None


def _parsed(value: object) -> Journal:
    """ValueError or LatentPngError when an entry is missing or wrong."""
    if not isinstance(value, Mapping):
        raise ValueError("not a JSON object")
    fields = JsonFields(value)
    rounds = [JsonFields({"round": entry}).mapping("round") for entry in fields.array("rounds")]
    return Journal(
        picture=Path(fields.text("picture")),
        folder=Path(fields.text("folder")),
        rounds=tuple(map(round_from_json, rounds)),
        template=round_from_json(fields.mapping("template")),
        mode=Mode(fields.text("mode")),
        seed=fields.seed("seed"),
    )
