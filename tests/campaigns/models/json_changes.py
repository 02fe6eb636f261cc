"""Hostile changes of JSON: one value is replaced by something that no reader expects, or the text itself is damaged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

PATHS = ("../outside/secret.json", "/etc/passwd", "/dev/zero", "..", "a/b", "~/x", "C:\\x", "x\0y", "", ".")
TEXTS = ("x" * 1_000_000, "\x1b[31m\u202e\nX", "\udc80", "{{ 1/0 }}", "__class__", "os.system", "evil/kernel", *PATHS)
NUMBERS = (
    0,
    -1,
    1,
    2,
    3,
    7,
    255,
    10**4,
    10**6,
    10**9,
    2**31,
    2**63,
    10**12,
    10**30,
    -(10**12),
    0.0,
    -0.5,
    1e300,
    1e-300,
)
OTHERS: tuple[Any, ...] = (
    None,
    True,
    False,
    [],
    {},
    [[]],
    [None],
    [1, 2],
    {"": {}},
    {"a": [1]},
    [0] * 100_000,
    ["x"] * 1000,
)
RAW = ("1e999", "NaN", "-Infinity", "1" * 5000, "[" * 5000 + "]" * 5000, '{"a":' * 3000 + "1" + "}" * 3000)
_MARK = "raw value"


def change_json(file: Path, draw: Random) -> str:
    """Damage a JSON file, and return how in a few words."""
    value = json.loads(file.read_text("utf-8"))
    if draw.random() < 0.15:
        return _damage_text(file, draw)
    places = list(_places(value))
    if not places or draw.random() < 0.1:
        new = draw.choice((*OTHERS, *NUMBERS, *TEXTS))
        file.write_text(json.dumps(new))
        return f"{file.name} is {str(new)[:40]!r}"
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        holder, key = draw.choice(places)
        what = _change(holder, key, draw)
    text = json.dumps(value)
    if f'"{_MARK}"' in text:
        text = text.replace(f'"{_MARK}"', draw.choice(RAW))
    file.write_text(text)
    return f"{file.name}: {what}"


def _change(holder: Any, key: Any, draw: Random) -> str:
    old = holder[key]
    if isinstance(old, int | float) and not isinstance(old, bool) and draw.random() < 0.5:
        holder[key] = draw.choice(NUMBERS)
    elif isinstance(old, str) and draw.random() < 0.5:
        holder[key] = draw.choice(TEXTS)
    elif isinstance(old, list) and old and draw.random() < 0.5:
        holder[key] = old * draw.choice((2, 5, 1000))
    elif draw.random() < 0.2:
        holder[key] = _MARK
    else:
        holder[key] = draw.choice((*OTHERS, *NUMBERS, *TEXTS))
    return f"{str(key)[:40]} is {str(holder[key])[:40]!r}"


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place in a value: what holds it, and the key or the index."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _damage_text(file: Path, draw: Random) -> str:
    data = bytearray(file.read_bytes())
    kind = draw.choice(("cut", "flip", "insert", "deep", "large"))
    position = draw.randrange(len(data) + 1)
    if kind == "cut":
        del data[position:]
    elif kind == "flip" and data:
        data[position % len(data)] ^= 1 << draw.randrange(8)
    elif kind == "insert":
        data[position:position] = draw.randbytes(draw.choice((1, 8, 1000)))
    elif kind == "deep":
        data = bytearray(b"[" * 1_000_000)
    else:
        data[position:position] = b" " * 80_000_000
    file.write_bytes(data)
    return f"{file.name} is damaged ({kind})"
