"""Metadata that keeps every rule of SPEC.md, told at one look: what `inspect` meets ten thousand times in a folder.

Says yes only where metadata.py, record.py and shapes.py would find nothing wrong, and makes no values of it.  No is no
error: those are asked then, and they know the rule that is broken, if any is.
"""

from __future__ import annotations

import math
import re

from latentpng.chunk.metadata import round_from_json
from latentpng.errors import InvalidValueError
from latentpng.record import GAUSS1, Json, JsonObject, check_round
from latentpng.rules import LEAST_CANDIDATES, MAX_CANDIDATES, MAX_ROUNDS, MAX_SEED, MAX_WORK
from latentpng.shapes import default_axes

_NEEDED = frozenset({"base", "node", "noise", "root", "rounds"})
_MAY_BE = frozenset({"pixels", "settings", "software"})
_SEED_DIGITS = len(str(MAX_SEED))
_LAST_SEED = str(MAX_SEED)
_is_digest = re.compile(r"[0-9a-f]{64}").fullmatch


def is_ordinary(entries: JsonObject, dims: tuple[int, ...]) -> bool:
    """True only for metadata that keeps every rule.  dims: of the tensor, checked already."""
    if not entries.keys() >= _NEEDED or entries.keys() - _NEEDED - _MAY_BE:
        return False
    if entries["noise"] != GAUSS1:
        return False
    rounds, node, pixels = entries["rounds"], entries["node"], entries.get("pixels", "0" * 64)
    if type(rounds) is not list or len(rounds) > MAX_ROUNDS or type(node) is not str or not _is_digest(node):
        return False
    if type(pixels) is not str or not _is_digest(pixels):
        return False
    if type(entries.get("settings", {})) is not dict or type(entries.get("software", {})) is not dict:
        return False
    base = entries["base"]
    if type(base) is not int or base != _rounds_stored(entries["root"], len(rounds)):
        return False
    return _are_rounds(rounds, dims)


def _rounds_stored(root: Json, rounds: int) -> int | None:
    """What `base` has to be; None for a root that is not ordinary."""
    if type(root) is not dict:
        return None
    if root.keys() == {"seed"}:
        return rounds if _is_seed(root["seed"]) else None
    if root.get("tensor") is True and (len(root) == 1 or (len(root) == 2 and type(root.get("source")) is dict)):
        return 0
    return None


def _are_rounds(rounds: list[Json], dims: tuple[int, ...]) -> bool:
    candidates = 0
    for entry in rounds:
        of = _candidates_of(entry) or _candidates_of_any(entry, dims)
        if not of:
            return False
        candidates += of if of > LEAST_CANDIDATES else LEAST_CANDIDATES
    return math.prod(dims) * candidates <= MAX_WORK


def _candidates_of(entry: Json) -> int:
    """How many candidates a round with one mark and nothing unusual has; 0 for every other."""
    if type(entry) is not dict or len(entry) != 4:
        return 0
    marks, of, scale = entry.get("marks"), entry.get("of"), entry.get("scale")
    if type(of) is not int or not 0 < of <= MAX_CANDIDATES or type(scale) is not float or not 0.0 <= scale <= 1.0:
        return 0
    if type(marks) is not list or len(marks) != 1 or type(marks[0]) is not int or not 0 <= marks[0] < of:
        return 0
    return of if _is_seed(entry.get("seed")) else 0


def _candidates_of_any(entry: Json, dims: tuple[int, ...]) -> int:
    """How many candidates a round has, whatever else is in it; 0 when it breaks a rule."""
    if type(entry) is not dict:
        return 0
    try:
        round_ = round_from_json(entry)
        check_round(round_, dims, default_axes(len(dims)))
    except InvalidValueError:
        return 0
    return round_.of


def _is_seed(value: Json) -> bool:
    """True for a decimal string as the format writes it."""
    if type(value) is not str or not value.isdigit() or not value.isascii():
        return False
    if value[0] == "0" or len(value) >= _SEED_DIGITS:
        return value == "0" or (value[0] != "0" and len(value) == _SEED_DIGITS and value <= _LAST_SEED)
    return True
