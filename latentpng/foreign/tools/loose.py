"""Convert single JSON values of unknown files: a value of the wrong type counts as absent, and nothing raises."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence

from latentpng.json_fields import is_integer, is_number
from latentpng.record import Json, JsonObject

MAX_COUNT = 2**20  # largest number of pixels of a side, or of steps
_MAX_DIGITS = 40


def text(value: Json) -> str:
    """Return a string; "" for anything else."""
    return value if isinstance(value, str) else ""


def whole(value: Json) -> int | None:
    """Return an integer of any sign, from a number or from at most 40 digits in a string; None for anything else."""
    if isinstance(value, str):
        value = value.strip()
        return int(value) if _WHOLE.fullmatch(value) else None
    if type(value) is int:  # most are; True and False are no int in this sense
        return value
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return int(value)
    return value if is_integer(value) else None


def seed(value: Json) -> int | None:
    """Return a seed; None for -1, by which many tools and sites mean a random seed that they do not write."""
    number = whole(value)
    return None if number == -1 else number


def real(value: Json) -> float | None:
    """Return a finite number, from a number or from a string; None for anything else."""
    if isinstance(value, str):
        value = value.strip()
        if not _REAL.fullmatch(value):
            return None
    elif not is_number(value):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def count(value: Json) -> int:
    """Return a number of pixels or steps, 1 to `MAX_COUNT`; 0 for anything else."""
    number = whole(value)
    return number if number is not None and 0 < number <= MAX_COUNT else 0


def size(value: Json) -> tuple[int, int]:
    """Return width and height of a string such as `512x768` or `(512, 768)`; (0, 0) for anything else."""
    found = _SIZE.fullmatch(text(value).strip())
    width, height = (count(found[1]), count(found[2])) if found else (0, 0)
    return (width, height) if width and height else (0, 0)


def items(value: Json) -> Sequence[Json]:
    """Return a list; () for anything else."""
    return value if isinstance(value, list | tuple) else ()


def members(value: Json) -> JsonObject:
    """Return an object; {} for anything else."""
    return value if isinstance(value, dict | Mapping) else {}  # a dict is recognised much faster


def rest(entries: JsonObject, used: Iterable[str]) -> tuple[tuple[str, Json], ...]:
    """Return the entries of an object without the used keys and without null, "", [] and {}."""
    taken = frozenset(used)
    return tuple((key, value) for key, value in entries.items() if key not in taken and value not in (None, "", [], {}))


_WHOLE = re.compile(rf"[+-]?[0-9]{{1,{_MAX_DIGITS}}}")
_REAL = re.compile(rf"[+-]?[0-9]{{1,{_MAX_DIGITS}}}(\.[0-9]{{0,{_MAX_DIGITS}}})?([eE][+-]?[0-9]{{1,3}})?")
_SIZE = re.compile(r"\(?\s*([0-9]{1,7})\s*[xX,]\s*([0-9]{1,7})\s*\)?")
