"""Simple facts of a file by name, to choose and to sort files by: `rounds>=3`, `prompt~lighthouse`, `-time`.

A fact is a number or a text; one that the file does not say is None or "".  Texts are compared without regard to case.
"""

from __future__ import annotations

import math
import operator
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from latentpng.chunk.header import Front
from latentpng.errors import InvalidValueError
from latentpng.foreign.record import ForeignRecord
from latentpng.png.open import STANDARD_INPUT
from latentpng.record import JsonObject
from latentpng.reports.look import Seen
from latentpng.text import brief

Value: TypeAlias = str | int | float | None
Item = TypeVar("Item")

_EXPRESSION = re.compile(r"\s*([a-z_]*)\s*(<=|>=|!=|==?|<|>|~)(.*)", re.DOTALL)
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "~": operator.contains,
}
_WHOLE = re.compile(r"[-+]?[0-9]{1,40}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """One comparison that a file passes or not."""

    field: str
    operator: str
    wanted: str | int | float

    def holds(self, value: Value) -> bool:
        """What a file does not say is equal to "" only, and to no number."""
        if value is None:
            return self.operator == "!="
        found = value.casefold() if isinstance(value, str) else value
        return _OPERATORS[self.operator](found, self.wanted)


def condition(place: str, expression: str) -> Condition:
    """The condition that a person wrote: FIELD OPERATOR VALUE.  InvalidValueError; place: how it names it."""
    parts = _EXPRESSION.fullmatch(expression)
    if parts is None:
        raise InvalidValueError(f"{place}: a field, one of = != < <= > >= ~ and a value needed")
    name, sign, text = parts[1], parts[2], parts[3].strip()
    check_field(place, name)
    if name in _TEXTS:
        return Condition(field=name, operator=sign, wanted=text.casefold())
    if sign == "~":
        raise InvalidValueError(f"{place}: {name} is a number, and ~ looks into texts")
    return Condition(field=name, operator=sign, wanted=_moment(place, text) if name == "time" else _number(place, text))


def check_field(place: str, name: str) -> None:
    """InvalidValueError unless there is such a field."""
    if name not in FIELDS:
        raise InvalidValueError(f"{place}: a field is one of {', '.join(FIELDS)}, found {brief(name)}")


def ordered(items: Iterable[Item], value: Callable[[Item], Value], *, backwards: bool) -> list[Item]:
    """Sorted by a value; those without one come last in both directions, and equal ones keep their order."""
    told: list[tuple[str | int | float, Item]] = []
    untold: list[Item] = []
    for item in items:
        found = value(item)
        if found is None or found == "":
            untold.append(item)
        else:
            told.append((found.casefold() if isinstance(found, str) else found, item))
    told.sort(key=operator.itemgetter(0), reverse=backwards)
    return [item for _, item in told] + untold


def value_of(name: str, seen: Seen) -> Value:
    """What a file says of a field."""
    if name in _FILE:
        return _FILE[name](seen.file)
    if name == "carrier":
        return seen.carrier
    if seen.front is not None:
        return _LATENT[name](seen.front)
    if seen.foreign is not None and name in _FOREIGN:
        return _FOREIGN[name](seen.foreign)
    return "" if name in _TEXTS else None


def _number(place: str, text: str) -> int | float:
    try:
        number = int(text) if _WHOLE.fullmatch(text) else float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InvalidValueError(f"{place}: a number needed, found {brief(text)}")
    return number


def _moment(place: str, text: str) -> float:
    from datetime import datetime

    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidValueError(f"{place}: a date such as 2025-01-31 or 2025-01-31T18:00 needed") from error


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
    return int(seed) if isinstance(seed, str) and _WHOLE.fullmatch(seed) else None


def _root(front: Front) -> str:
    root = _object(front.metadata, "root")
    return "seed" if "seed" in root else "tensor" if "tensor" in root else ""


def _rounds(front: Front) -> int | None:
    rounds = front.metadata.get("rounds")
    return len(rounds) if isinstance(rounds, list) else None


def _last_round(key: str) -> Callable[[Front], float | None]:
    def number(front: Front) -> float | None:
        rounds = front.metadata.get("rounds")
        last = rounds[-1] if isinstance(rounds, list) and rounds else {}
        return _as_number(last.get(key)) if isinstance(last, dict) else None

    return number


def _setting(key: str) -> Callable[[Front], float | None]:
    return lambda front: _as_number(_object(front.metadata, "settings").get(key))


def _as_number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text_setting(key: str) -> Callable[[Front], str]:
    """A text, or an object with a name."""

    def text(front: Front) -> str:
        found = _object(front.metadata, "settings").get(key)
        if isinstance(found, dict):
            found = found.get("name")
        return found if isinstance(found, str) else ""

    return text


def _node(front: Front) -> str:
    node = front.metadata.get("node")
    return node if isinstance(node, str) else ""


_TEXTS = ("name", "tool", "model", "scheduler", "prompt", "negative", "root", "node", "dims", "carrier")
_NUMBERS = ("time", "size", "seed", "rounds", "scale", "prompt_scale", "steps", "guidance", "width", "height")
FIELDS = _TEXTS + _NUMBERS

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
