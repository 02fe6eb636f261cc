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
    """

    digest: str
    path: str
    name: str
    config: str = ""
    pipeline: str = ""


def recall(digest: str) -> tuple[Remembered, ...]:
    """Return every place where these weights were, the newest first."""
    return tuple(entry for entry in remembered() if entry.digest == digest)


def remembered() -> tuple[Remembered, ...]:
    """Return all that was loaded once, the newest first."""
    entries = read_state(_state_file())
    if not isinstance(entries, list):
        return ()
    return tuple(Remembered(**entry) for entry in reversed(entries) if _is_entry(entry))


def remember(entry: Remembered) -> None:
    """Add an entry as the newest, in place of the one that had its path.

    A file that cannot be written is ignored: nothing depends on it.
    """
    others = [known for known in reversed(remembered()) if (known.path, known.config) != (entry.path, entry.config)]
    with contextlib.suppress(OSError, FileError):
        write_state(_state_file(), [asdict(known) for known in [*others, entry][-_MAX_ENTRIES:]])


def _is_entry(entry: object) -> bool:
    fields = set(Remembered.__slots__)
    return isinstance(entry, dict) and set(entry) == fields and all(isinstance(text, str) for text in entry.values())


def _state_file() -> Path:
    return user_state_path("warmer", appauthor=False) / _FILE
