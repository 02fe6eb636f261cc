"""The model that was chosen on the start screen: one path in the user's state directory, for the next start.

Losing the file loses nothing else.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from platformdirs import user_state_path

from engine.paths import is_there

_FILE = "start-model.json"


def start_model() -> str:
    """Return the path of the model chosen last, or "embedded"; "" when none was, or when it is not there any more."""
    file = _state_file()
    if not is_there(file):
        return ""
    from engine.models.json_files import read_state  # not before there is a file: the first paint waits for this

    state = read_state(file)
    path = state.get("model") if isinstance(state, dict) else None
    return path if isinstance(path, str) and (path == "embedded" or is_there(Path(path))) else ""


def remember_start_model(path: str) -> None:
    """Keep a choice; a file that cannot be written is ignored: nothing depends on it."""
    from engine.models.json_files import write_state
    from latentpng.errors import FileError

    with contextlib.suppress(OSError, FileError):
        write_state(_state_file(), {"model": path})


def _state_file() -> Path:
    return user_state_path("warmer", appauthor=False) / _FILE
