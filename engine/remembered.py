"""Where this machine has which model: a small JSON file in the user's state directory, fingerprint -> path.

A picture's file holds no path; this is how a picture finds its local model again.  Losing the file loses nothing else.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path

from platformdirs import user_state_path

from engine.plan import ModelChoice

_MOST = 200
_FILE = "models.json"


def recall(fingerprint: str) -> ModelChoice:
    """The model with this fingerprint; an empty one when it is not known."""
    entry = _read().get(fingerprint, {})
    return ModelChoice(path=entry.get("path", ""), name=entry.get("name", ""), config=entry.get("config", ""))


def remember(fingerprint: str, choice: ModelChoice) -> None:
    """Keeps it, newest last, in place of the one before; never fails, since nothing depends on it."""
    entries = _read()
    entries.pop(fingerprint, None)
    entries[fingerprint] = {"path": choice.path, "name": choice.name, "config": choice.config}
    with contextlib.suppress(OSError):
        _write(dict(list(entries.items())[-_MOST:]))


def _read() -> dict[str, dict[str, str]]:
    try:
        entries = json.loads((_folder() / _FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(entries, dict):
        return {}
    return {key: value for key, value in entries.items() if isinstance(value, dict) and _texts(value)}


def _texts(entry: dict[object, object]) -> bool:
    return all(isinstance(part, str) for pair in entry.items() for part in pair)


def _write(entries: dict[str, dict[str, str]]) -> None:
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=_FILE)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(entries, file, indent=1)
        Path(name).replace(folder / _FILE)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _folder() -> Path:
    return user_state_path("warmer", appauthor=False)
