"""ComfyUI's `extra_model_paths.yaml`: sections of folders that it searches besides its own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from engine.models.places.place import Place
from engine.models.shelves import shelf_of

EXTRA_PATHS = "extra_model_paths.yaml"


def extra_places(file: Path, named: Place) -> Iterator[Place]:
    """Yield the places that the file names; none when it does not exist or is no such file.

    Relative folders are those of `base_path`, a relative `base_path` is that of the file; a section that is the default
    comes first, as in ComfyUI.

    Args:
        file: The file.
        named: The place whose origin they share.
    """
    sections = [section for section in yaml_object(file).values() if isinstance(section, Mapping)]
    for section in sorted(sections, key=lambda section: not section.get("is_default")):
        base = _expanded(file.parent, section.get("base_path") or "")
        for key, value in section.items():
            shelf = shelf_of(str(key))
            if shelf is None or not isinstance(value, str | list):
                continue
            lines = value.splitlines() if isinstance(value, str) else [str(line) for line in value]
            for line in filter(None, (line.strip() for line in lines)):
                yield replace(named, path=_expanded(base, line), shelf=shelf, origin=f"{named.origin}, {EXTRA_PATHS}")


def yaml_object(file: Path) -> Mapping[str, object]:
    """Return the mapping in a YAML file of another program; empty when it is missing, damaged or something else."""
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, ValueError):
        return {}
    import yaml  # not before there is such a file

    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return {str(key): entry for key, entry in value.items()} if isinstance(value, Mapping) else {}


def _expanded(base: Path, text: object) -> Path:
    """A path with `~` and variables such as `$HOME`; a relative one stands below `base`."""
    return base / os.path.expandvars(os.path.expanduser(str(text)))  # noqa: PTH111 (Path's raises for unknown users)
