"""JSON files of models and of this program: configurations that have to be right, and state that may be lost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import ModelError
from engine.paths import open_regular
from latentpng.png.atomic import write_atomically
from latentpng.png.disk import make_folder

_MAX_STATE_BYTES = 2**25


def read_config(path: Path) -> Mapping[str, Any]:
    """Return the JSON object of a model's configuration file.

    The values are checked where they are used.

    Raises:
        ModelError: The file cannot be read, or does not hold a JSON object.
    """
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path.name} cannot be read as JSON: download it again") from error
    if not isinstance(value, dict):
        raise ModelError(f"{path.name} is not a JSON object: download it again")
    return value


def read_state(path: Path) -> object:
    """Return the JSON value of a state file, or None when the file is missing or damaged."""
    try:
        with open_regular(path) as file:
            data = file.read(_MAX_STATE_BYTES + 1)
        value: object = json.loads(data) if len(data) <= _MAX_STATE_BYTES else None
    except (OSError, ValueError, RecursionError):
        return None
    return value


def write_state(path: Path, value: object) -> None:
    """Replace a state file atomically.

    Raises:
        OSError: The folder cannot be made.
        UnwritableFileError: The file cannot be written.
    """
    make_folder(path.parent)
    write_atomically(path, [json.dumps(value, indent=1).encode("utf-8")])
