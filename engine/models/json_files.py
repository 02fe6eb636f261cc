"""JSON files of models and of this program: configurations that have to be right, and state that may be lost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import ModelError
from engine.models.members import check_link
from engine.paths import open_regular
from latentpng.png.atomic import write_atomically
from latentpng.png.disk import make_folder

_MAX_STATE_BYTES = 2**25
MAX_CONFIG_BYTES = 2**22
_MAX_DEPTH = 32


def read_config(path: Path) -> Mapping[str, Any]:
    """Return the JSON object of a model's configuration file: at most 4 MiB, and 32 levels deep.

    The values are checked where they are used.

    Raises:
        ModelError: The file cannot be read, is too large, leads out of the model, or does not hold a JSON object.
    """
    check_link(path)
    try:
        with open_regular(path) as file:
            data = file.read(MAX_CONFIG_BYTES + 1)
        if len(data) > MAX_CONFIG_BYTES:
            raise ModelError(f"{path.name} is larger than the {MAX_CONFIG_BYTES:,} bytes that a configuration may have")
        value = json.loads(data.decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path.name} cannot be read as JSON: download it again") from error
    if not isinstance(value, dict):
        raise ModelError(f"{path.name} is not a JSON object: download it again")
    if _is_deeper(value, _MAX_DEPTH):
        raise ModelError(f"{path.name} is nested more than {_MAX_DEPTH} levels deep, which no configuration needs")
    return value


def _is_deeper(value: object, levels: int) -> bool:
    """Return whether objects and lists are nested deeper than a number of levels."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return inner is not None and (levels == 0 or any(_is_deeper(one, levels - 1) for one in inner))


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
