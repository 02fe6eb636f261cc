"""The index of a diffusers folder, `model_index.json`: the pipeline and its components, checked.  No torch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.errors import ModelError
from engine.models.json_files import read_config
from engine.models.model_root import INDEX
from latentpng.text import plain

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
"""A class, a library or a component: what Python takes for a name, so that it is no path."""
_MAX_ENTRIES = 256


def read_index(folder: Path) -> Mapping[str, Any]:
    """Return the index of a diffusers folder.

    Returns:
        `_class_name` is a name; other entries that begin with "_" are left out.  A list of two texts, or of two
        `None`, is a component, whose own name is a name too; everything else is a setting of the pipeline.

    Raises:
        ModelError: It cannot be read, or something in it has another form.
    """
    entries = read_config(folder / INDEX)
    if len(entries) > _MAX_ENTRIES:
        raise ModelError(f"{INDEX} of {folder.name!r} has more than {_MAX_ENTRIES} entries")
    pipeline = entries.get("_class_name")
    if isinstance(pipeline, list) and pipeline and _is_name(pipeline[0]):
        raise ModelError(f"{folder.name!r} brings code of its own ({pipeline[0]}), which is never run")
    if not _is_name(pipeline):
        raise ModelError(f"{INDEX} of {folder.name!r} names no pipeline")
    kept = {name: value for name, value in entries.items() if not name.startswith("_")}
    for name, value in kept.items():
        if _is_entry(value) and value[0] and value[0].endswith(".py"):
            raise ModelError(f"{folder.name!r} brings code of its own ({plain(value[0], 80)}), which is never run")
        if _is_entry(value) and not (_is_name(name) and all(_is_name(part) or not part for part in value)):
            raise ModelError(f"{INDEX} of {folder.name!r} has a component whose name, library or class is no name")
    return MappingProxyType({"_class_name": pipeline, **kept})


def components_of(index: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield the components that an index names: the name, the library and the class of each."""
    for name, entry in sorted(index.items()):
        if _is_entry(entry) and all(entry):
            yield name, *entry


def pipeline_of(folder: Path) -> str:
    """Return the class name of the pipeline that a diffusers folder describes.

    Raises:
        ModelError: As in `read_index`.
    """
    return str(read_index(folder)["_class_name"])


def _is_entry(value: object) -> bool:
    """Return whether a value describes a component; two numbers are a setting of the pipeline."""
    return isinstance(value, list) and len(value) == 2 and all(part is None or isinstance(part, str) for part in value)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(_NAME.fullmatch(value))
