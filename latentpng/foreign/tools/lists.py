"""Lists that people need whole: LoRA files and other resources, and the prompts of single characters.

Each item is put into words. The tools write a file as a name, a name beside a list of weights, or an object.
"""

from __future__ import annotations

import re

from latentpng.chunk.strict_json import json_text
from latentpng.foreign.tools import civitai, loose
from latentpng.record import Json, JsonObject

_LISTED = re.compile(r"characters|lora|lyco|resources|embedding|TI hashes", re.IGNORECASE)
_FILES, _WEIGHTS = "loras", ("lora_weights", "loraweights")


def is_listed(name: str) -> bool:
    """Return whether a field is a list that people need whole."""
    return _LISTED.search(name) is not None


def lists_of(extra: JsonObject) -> dict[str, list[str]]:
    """Return the items of each such field in words: "ink (0.8)".

    Args:
        extra: What a tool wrote, by its own names.
    """
    found: dict[str, list[str]] = {}
    for name, value in extra.items():
        if is_listed(name):
            resources = civitai.resources_of(value) if name == civitai.RESOURCES else ()
            found[name] = [str(item) for item in resources] or [_item(item) for item in loose.items(value) or (value,)]
    files = found.get(_FILES, [])
    weights = next((name for name in _WEIGHTS if len(found.get(name, [])) == len(files)), "")
    if files and weights:
        found[_FILES] = [f"{file} ({weight})" for file, weight in zip(files, found.pop(weights), strict=True)]
    return found


def _item(value: Json) -> str:
    """Return an item in words: a text as it is, a file with its weight."""
    parts = loose.items(value)
    if parts and loose.text(parts[0]) and len(parts) > 1:  # name, weight and perhaps a hash
        value = {"name": parts[0], "weight": parts[1]}
    entry = loose.members(value)
    model = loose.members(entry.get("model")) or loose.members(entry.get("lora")) or entry
    name = next(filter(None, (loose.text(model.get(key)) for key in ("name", "model_name", "file", "model"))), "")
    weight = loose.real(entry.get("weight"))
    if not name:
        return _shown(value)
    return name if weight is None else f"{name} ({weight:g})"


def _shown(value: Json) -> str:
    return value if isinstance(value, str) else json_text(value)
