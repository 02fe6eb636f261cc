"""What is pressed in a search: short sequences that mean something, in any order, and keys that mean nothing."""

from __future__ import annotations

import random

_UP, _DOWN, _RIGHT, _LEFT = b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D"
_ENTER, _ESCAPE, _TAB, _BACKSPACE, _CONTROL_P = b"\r", b"\x1b", b"\t", b"\x7f", b"\x10"
_PICKS: tuple[tuple[bytes, ...], ...] = tuple((bytes([digit]),) for digit in b"123456")
_SEQUENCES: dict[str, tuple[int, tuple[tuple[bytes, ...], ...]]] = {
    "pick": (40, _PICKS),
    "undo": (8, ((b"u",), (b"u", b"u"))),
    "redo": (6, ((b"U",),)),
    "none better": (5, ((b"n",), (b"0",))),
    "other candidates": (5, ((b"r",),)),
    "scale": (6, ((b"[",), (b"]",), (b"{",), (b"}",))),
    "bands and axis": (4, ((b"b",), (b"a",))),
    "star": (8, ((b"*",), (_RIGHT, b"*"))),
    "blend": (5, ((_RIGHT, b" ", _RIGHT, b" ", _ENTER),)),
    "regions": (5, ((b"x", b"1", b"2", b"1", b"3"), (b"x", b"x", b"2", _BACKSPACE, _ESCAPE), (b"w",))),
    "confined": (4, ((b"m", b"5", _ENTER), (b"m", b"o", _ENTER), (b"M",))),
    "drafts": (4, ((b"D",),)),
    "edit": (3, ((b"e", b" at night", _ENTER), (b"e", _TAB, _ESCAPE))),
    "history": (5, ((b"h", _UP, _ENTER), (b"h", _DOWN, _ENTER), (b"h", b"s", _ESCAPE))),
    "film": (3, ((b"E", _ENTER), (b"E", _ENTER, _ESCAPE))),
    "viewer": (4, ((b"v", _RIGHT, _ENTER), (_ENTER,), (b"v", _ESCAPE))),
    "copy": (3, ((b"s", _ENTER), (b"y",), (b"Y",), (b"i", _ESCAPE))),
    "new search": (2, ((b"p", b" in fog", _ENTER), (b"p", _ESCAPE))),
    "others": (4, ((b"?", _ESCAPE), (_CONTROL_P, _ESCAPE), (b"o", _ESCAPE), (b"d",), (b"k",), (b"l",))),
}
KEYS: tuple[bytes, ...] = (
    *(bytes([code]) for code in b"1234567890cfgjklnruU[]{}ba *dvhieEyYsop?m"),
    *(_UP, _DOWN, _RIGHT, _LEFT, _TAB, _ENTER, _ESCAPE, _BACKSPACE),
    *(b"w", b"x", b"\x1bOP", _CONTROL_P, b"+", b"-", b"D", b"M"),
)
"""Every key of the search but those that end it, and some that mean nothing."""
WINDOWS = ((24, 80), (40, 120), (60, 220), (16, 44))


def sequences(draw: random.Random, count: int) -> list[bytes]:
    """Return the keys of so many sequences, one after the other."""
    names = draw.choices(list(_SEQUENCES), [weight for weight, _ in _SEQUENCES.values()], k=count)
    return [key for name in names for key in draw.choice(_SEQUENCES[name][1])]


def picks(draw: random.Random, count: int) -> list[bytes]:
    """Return so many picks."""
    return [draw.choice(_PICKS)[0] for _ in range(count)]


def anything(draw: random.Random, count: int) -> list[bytes]:
    """Return so many keys without any sense."""
    return [draw.choice(KEYS) for _ in range(count)]
