"""Small JSON files beside the user's pictures, which may be lost at any time: read or empty, written whole or not."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path


def read_json_file(path: Path) -> object:
    """What it holds; None when it is missing or damaged."""
    try:
        value: object = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return value


def write_json_file(path: Path, value: object) -> None:
    """Beside the target, then renamed.  OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(value, file, indent=1)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
