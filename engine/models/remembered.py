"""Where this machine has which weights: a small JSON file in the user's state directory, digest -> paths.

A picture's file holds no path; this is how a picture finds its model, LoRA files and VAE again.  Losing the file loses
nothing else.
"""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass
from pathlib import Path

from platformdirs import user_state_path

from engine.models.keeping import read_json_file, write_json_file

_MOST = 300
_FILE = "models.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Remembered:
    """Weights that were loaded once.

    digest: what files record of them.  path, name, config: as in a `ModelChoice`.
    pipeline: the class of a whole model; "" for a LoRA or a VAE.
    """

    digest: str
    path: str
    name: str
    config: str = ""
    pipeline: str = ""


def recall(digest: str) -> tuple[Remembered, ...]:
    """Every place where these weights were, the newest first."""
    return tuple(entry for entry in remembered() if entry.digest == digest)


def remembered() -> tuple[Remembered, ...]:
    """All that was loaded once, the newest first."""
    entries = read_json_file(_place())
    if not isinstance(entries, list):
        return ()
    return tuple(Remembered(**entry) for entry in reversed(entries) if _is_entry(entry))


def remember(entry: Remembered) -> None:
    """Keeps it, newest last, in place of what was at this path before; never fails, since nothing depends on it."""
    others = [known for known in reversed(remembered()) if (known.path, known.config) != (entry.path, entry.config)]
    with contextlib.suppress(OSError):
        write_json_file(_place(), [asdict(known) for known in [*others, entry][-_MOST:]])


def _is_entry(entry: object) -> bool:
    fields = set(Remembered.__slots__)
    return isinstance(entry, dict) and set(entry) == fields and all(isinstance(text, str) for text in entry.values())


def _place() -> Path:
    return user_state_path("warmer", appauthor=False) / _FILE
