"""Values that programs do not expect: numbers, names and JSON that a stranger may write anywhere."""

from __future__ import annotations

from random import Random
from typing import Any

_NUMBERS = (
    0,
    1,
    2,
    255,
    1 << 16,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
    1 << 40,
    (1 << 63) - 1,
    1 << 63,
    (1 << 64) - 1,
)
_NAMES = (
    "",
    ".",
    "..",
    "/",
    "../../etc/passwd",
    "__class__.__init__.__globals__",
    "(a+)+$",
    r"(.*)*(.*)*X$",
    "a" * 10_000,
    "\x1b[2J\x07",
    "\u202egnp",
    "\ud800",
    "\0",
    "💣" * 50,
    "{0.__class__}",
    "%n%s",
    "-rf",
    "$(touch x)",
    "\n\n",
)
_FLOATS = (0.0, -1.0, 1e-300, 1e38, 1e308, float("inf"), float("-inf"), float("nan"))


def odd_number(draw: Random) -> int:
    """Return a whole number from 0 to 2^64 - 1."""
    return draw.choice(_NUMBERS) if draw.random() < 0.8 else draw.getrandbits(64)


def odd_name(draw: Random) -> str:
    """Return a text; it may hold half a surrogate pair."""
    return draw.choice(_NAMES)


def odd_json(draw: Random, depth: int) -> Any:
    """Return a value that `json` can write, with nested ones down to a depth."""
    kind = draw.randrange(8 if depth > 0 else 6)
    if kind == 0:
        return draw.choice((None, True, False))
    if kind == 1:
        return draw.choice(_FLOATS)
    if kind == 2:
        return draw.choice((-1, 1)) * draw.choice((*_NUMBERS, 10**400))
    if kind in (3, 4):
        return odd_name(draw)
    if kind == 5:
        return draw.choice(([], {}, "1", [[]] * 1000, ["x"] * 10_000, "9" * 6000))
    if kind == 6:
        return [odd_json(draw, depth - 1) for _ in range(draw.randint(0, 4))]
    return {odd_name(draw): odd_json(draw, depth - 1) for _ in range(draw.randint(0, 4))}


def odd_bytes(draw: Random, data: bytes) -> bytes:
    """Return bytes with a few of them changed, or cut; most often as they are."""
    roll = draw.random()
    if roll < 0.6 or not data:
        return data
    if roll < 0.75:
        return data[: draw.randrange(len(data))]
    changed = bytearray(data)
    for _ in range(draw.randint(1, 8)):
        changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)
