"""Which folder is that of a model: the one with the index of a pipeline.  No torch."""

from __future__ import annotations

from pathlib import Path

from engine.paths import is_file

INDEX = "model_index.json"


def has_index(folder: Path) -> bool:
    """Return whether this is a diffusers folder."""
    return is_file(folder / INDEX)


def model_root(folder: Path) -> Path:
    """Return the folder of the model that a folder belongs to; itself if it is one, or stands alone."""
    return folder.parent if not has_index(folder) and has_index(folder.parent) else folder
