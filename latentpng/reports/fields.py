"""The fields of a file by name: simple facts that it can be chosen and sorted by, such as `rounds` or `prompt`.

A field is a number or a text; its value is None or "" if the file does not record it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import TypeAlias

from latentpng.chunk.header import Front
from latentpng.foreign.record import ForeignRecord
from latentpng.json_fields import is_number
from latentpng.png.open import STANDARD_INPUT
from latentpng.record import JsonObject
from latentpng.reports.look import PictureInfo

Value: TypeAlias = str | int | float | None

WHOLE_NUMBER = re.compile(r"[-+]?[0-9]{1,40}")


def value_of(name: str, info: PictureInfo) -> Value:
    """Return the value of a field.

    Args:
        name: One of FIELDS.
        info: What the file records.

    Returns:
        The value.  If the file does not record it, "" for a text and None for a number.
    """
    if name in _FILE:
        return _FILE[name](info.file)
    if name == "carrier":
        return info.carrier
    if info.front is not None:
        return _LATENT[name](info.front)
    if info.foreign is not None and name in _FOREIGN:
        return _FOREIGN[name](info.foreign)
    return "" if name in TEXTS else None


def _status(file: str) -> os.stat_result | None:
    try:
        return None if file == STANDARD_INPUT else os.stat(file)  # noqa: PTH116 - no Path for each of 10,000 files
    except OSError:
        return None


def _time(file: str) -> float | None:
    status = _status(file)
    return None if status is None else status.st_mtime


def _size(file: str) -> int | None:
    status = _status(file)
    return None if status is None else status.st_size


def _object(entries: JsonObject, key: str) -> JsonObject:
    found = entries.get(key)
    return found if isinstance(found, dict) else {}


def _seed(front: Front) -> int | None:
    seed = _object(front.metadata, "root").get("seed")
    return int(seed) if isinstance(seed, str) and WHOLE_NUMBER.fullmatch(seed) else None


def _root(front: Front) -> str:
    root = _object(front.metadata, "root")
    return "seed" if "seed" in root else "tensor" if "tensor" in root else ""


def _rounds(front: Front) -> int | None:
    rounds = front.metadata.get("rounds")
    return len(rounds) if isinstance(rounds, list) else None


def _last_round(key: str) -> Callable[[Front], float | None]:
    """Return a reader of a number that the last round records."""

    def number(front: Front) -> float | None:
        rounds = front.metadata.get("rounds")
        last = rounds[-1] if isinstance(rounds, list) and rounds else {}
        return _as_number(last.get(key)) if isinstance(last, dict) else None

    return number


def _setting(key: str) -> Callable[[Front], float | None]:
    """Return a reader of a setting that is a number."""
    return lambda front: _as_number(_object(front.metadata, "settings").get(key))


def _as_number(value: object) -> float | None:
    return value if is_number(value) else None


def _text_setting(key: str) -> Callable[[Front], str]:
    """Return a reader of a setting that is a text, or an object with the key `name`."""

    def text(front: Front) -> str:
        found = _object(front.metadata, "settings").get(key)
        if isinstance(found, dict):
            found = found.get("name")
        return found if isinstance(found, str) else ""

    return text


def _node(front: Front) -> str:
    node = front.metadata.get("node")
    return node if isinstance(node, str) else ""


TEXTS = ("name", "tool", "model", "scheduler", "prompt", "negative", "root", "node", "dims", "carrier")
_NUMBERS = ("time", "size", "seed", "rounds", "scale", "prompt_scale", "steps", "guidance", "width", "height")
FIELDS = TEXTS + _NUMBERS

_FILE: dict[str, Callable[[str], Value]] = {"name": str, "time": _time, "size": _size}
_LATENT: dict[str, Callable[[Front], Value]] = {
    "tool": lambda _: "latentpng",
    "model": _text_setting("model"),
    "scheduler": _text_setting("scheduler"),
    "prompt": _text_setting("prompt"),
    "negative": _text_setting("negative_prompt"),
    "root": _root,
    "node": _node,
    "dims": lambda front: "x".join(map(str, front.dims)),
    "seed": _seed,
    "rounds": _rounds,
    "scale": _last_round("scale"),
    "prompt_scale": _last_round("prompt_scale"),
    "steps": _setting("steps"),
    "guidance": _setting("guidance"),
    "width": _setting("width"),
    "height": _setting("height"),
}
_FOREIGN: dict[str, Callable[[ForeignRecord], Value]] = {
    "tool": lambda record: record.tool,
    "model": lambda record: record.model,
    "scheduler": lambda record: record.sampler or record.scheduler,
    "prompt": lambda record: record.prompt,
    "negative": lambda record: record.negative_prompt,
    "seed": lambda record: record.seed,
    "steps": lambda record: record.num_inference_steps or None,
    "guidance": lambda record: record.guidance_scale,
    "width": lambda record: record.width or None,
    "height": lambda record: record.height or None,
}
