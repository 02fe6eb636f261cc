"""ComfyUI's `extra_model_paths.yaml`: sections of folders that it searches besides its own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from engine.models.places.place import Place
from engine.models.shelves import shelf_of
from engine.paths import is_file

EXTRA_PATHS = "extra_model_paths.yaml"
_MAX_BYTES = 2**17
_ALIAS = re.compile(r"\*\w")
_MAX_ALIASES = 20
"""Aliases of aliases double with every line: a few dozen of them fill the memory."""


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
        base = _expanded(file.parent, _word(section.get("base_path")))
        for key, value in section.items():
            shelf = shelf_of(_word(key))
            if shelf is None:
                continue
            lines = map(_word, value) if isinstance(value, list) else _word(value).splitlines()
            for line in filter(is_possible, map(str.strip, lines)):
                yield replace(named, path=_expanded(base, line), shelf=shelf, origin=f"{named.origin}, {EXTRA_PATHS}")


def yaml_object(file: Path) -> Mapping[str, object]:
    """Return the mapping in a YAML file of another program; empty when it is missing, damaged or something else.

    Such files have a few lines.  One that would take long to read is something else.
    """
    if not is_file(file):
        return {}
    try:
        with file.open("rb") as stream:
            data = stream.read(_MAX_BYTES + 1)
        text = data.decode("utf-8-sig")
    except (OSError, ValueError):
        return {}
    if len(data) > _MAX_BYTES or len(_ALIAS.findall(text)) > _MAX_ALIASES:
        return {}
    import yaml  # not before there is such a file

    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError):
        return {}  # tags such as `!!int` fail in many ways on what they do not expect
    return {str(key): entry for key, entry in value.items()} if isinstance(value, Mapping) else {}


def is_possible(text: str) -> bool:
    """Return whether a text in a file of another program can be a path at all."""
    try:
        return bool(text) and b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:  # half a surrogate pair
        return False


def _word(value: object) -> str:
    """A value where a text is expected; "" for lists and mappings, which aliases can make endless."""
    return "" if value is None or isinstance(value, list | tuple | set | Mapping) else str(value)


def _expanded(base: Path, text: str) -> Path:
    """A path with `~` and variables such as `$HOME`; a relative one stands below `base`."""
    return base / os.path.expandvars(os.path.expanduser(text))  # noqa: PTH111 (Path's raises for unknown users)
