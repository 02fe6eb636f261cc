"""Where this machine has which weights: a small JSON file in the user's state directory, from digest to paths.

A picture's file holds no path; this is how a picture finds its model, LoRA files and VAE again.  Losing the file loses
nothing else.
"""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass
from pathlib import Path

from platformdirs import user_state_path

from engine.models.json_files import read_state, write_state
from latentpng.errors import FileError

_MAX_ENTRIES = 300
_FILE = "models.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Remembered:
    """Weights that were loaded once.

    Attributes:
        digest: What pictures record of them.
        path: As in a `ModelChoice`.
        name: As in a `ModelChoice`.
        config: As in a `ModelChoice`.
        pipeline: The class of a whole model's pipeline; "" for a LoRA or a VAE.
        text_encoders: As in a `ModelChoice`.
    """

    digest: str
    path: str
    name: str
    config: str = ""
    pipeline: str = ""
    text_encoders: tuple[str, ...] = ()


def recall(digest: str) -> tuple[Remembered, ...]:
    """Return every place where these weights were, the newest first."""
    return tuple(entry for entry in remembered() if entry.digest == digest)


def remembered() -> tuple[Remembered, ...]:
    """Return all that was loaded once, the newest first."""
    entries = read_state(_state_file())
    if not isinstance(entries, list):
        return ()
    return tuple(
        Remembered(**{**entry, "text_encoders": tuple(entry.get("text_encoders", ()))})
        for entry in reversed(entries)
        if _is_entry(entry)
    )


def remember(entry: Remembered) -> None:
    """Add an entry as the newest, in place of the one that had its path, and the same files beside it.

    A file that cannot be written is ignored: nothing depends on it.
    """
    others = [known for known in reversed(remembered()) if _place(known) != _place(entry)]
    with contextlib.suppress(OSError, FileError):
        write_state(_state_file(), [_as_json(known) for known in [*others, entry][-_MAX_ENTRIES:]])


def _place(entry: Remembered) -> tuple[object, ...]:
    return entry.path, entry.config, entry.text_encoders


def _as_json(entry: Remembered) -> dict[str, object]:
    """Return an entry without empty text encoders, so that earlier versions read it too."""
    return {name: value for name, value in asdict(entry).items() if name != "text_encoders" or value}


def _is_entry(entry: object) -> bool:
    if not isinstance(entry, dict):
        return False
    texts = {name: value for name, value in entry.items() if name != "text_encoders"}
    files = entry.get("text_encoders", [])
    return (
        set(texts) == set(Remembered.__slots__) - {"text_encoders"}
        and all(isinstance(text, str) for text in texts.values())
        and isinstance(files, list)
        and all(isinstance(file, str) for file in files)
    )


def _state_file() -> Path:
    return user_state_path("warmer", appauthor=False) / _FILE
