"""Damage that a file of state may have: what a disk, an editor or somebody with bad intentions makes of it."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

_VALUES: tuple[str, ...] = (
    "1e999",
    "-1e999",
    "NaN",
    "1e308",
    "-0.0",
    "18446744073709551616",
    "-9223372036854775809",
    "1" * 5000,
    "null",
    "true",
    "[]",
    "{}",
    '""',
    '"\\ud800"',
    '"\\u0000"',
    '"/"',
    '"../../x"',
    '"' + "x" * 70_000 + '"',
    '"/' + "y" * 5000 + '"',
    "[" * 2000 + "]" * 2000,
    '{"a":' * 2000 + "1" + "}" * 2000,
)
"""What takes the place of a value, as JSON."""
_MARK = '"the place of a value"'


def mutated(data: bytes, random_: random.Random) -> bytes:
    """Return damaged contents: of JSON often one value of it, else some of its bytes."""
    if random_.random() < 0.7 and (damaged := _with_other_value(data, random_)) is not None:
        return damaged
    return random_.choice(_DAMAGES)(data, random_)


def _with_other_value(data: bytes, random_: random.Random) -> bytes | None:
    """Return JSON, or lines of it, with one value replaced, a key removed or an entry doubled; None for other bytes."""
    lines = data.split(b"\n")
    number = random_.randrange(len(lines))
    whole = random_.random() < 0.5
    text = data if whole else lines[number]
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    new = _replaced(value, random_)
    return new if whole else b"\n".join([*lines[:number], new, *lines[number + 1 :]])


def _replaced(value: Any, random_: random.Random) -> bytes:
    places: list[tuple[Any, Any]] = []
    _collect(value, places)
    if not places:
        return random_.choice(_VALUES).encode()
    container, key = random_.choice(places)
    kind = random_.random()
    if kind < 0.15:
        del container[key]
        return json.dumps(value).encode()
    if kind < 0.3 and isinstance(container, list):
        container.insert(key, container[key])
        return json.dumps(value).encode()
    container[key] = json.loads(_MARK)
    return json.dumps(value).replace(_MARK, random_.choice(_VALUES)).encode()


def _collect(value: Any, places: list[tuple[Any, Any]]) -> None:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        places.append((value, key))
        _collect(entry, places)


def _cut(data: bytes, random_: random.Random) -> bytes:
    return data[: random_.randrange(len(data) + 1)]


def _flipped(data: bytes, random_: random.Random) -> bytes:
    bytes_ = bytearray(data)
    for _ in range(random_.randint(1, 8)):
        if bytes_:
            bytes_[random_.randrange(len(bytes_))] = random_.randrange(256)
    return bytes(bytes_)


def _doubled(data: bytes, random_: random.Random) -> bytes:
    at = random_.randrange(len(data) + 1)
    return data[:at] + data[random_.randrange(len(data) + 1) :]


def _not_utf8(data: bytes, random_: random.Random) -> bytes:
    at = random_.randrange(len(data) + 1)
    return data[:at] + b"\xff\xfe\x80" + data[at:]


def _other(_: bytes, random_: random.Random) -> bytes:
    made = (
        b"",
        b"\0" * 4096,
        b"[" * 100_000,
        b'"' * 9999,
        b"\n" * 5000,
        _VALUES[random_.randrange(len(_VALUES))].encode(),
    )
    return random_.choice(made)


_DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (_cut, _flipped, _doubled, _not_utf8, _other)


def _folder(path: Path) -> None:
    path.mkdir()


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _dangling(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


def _unreadable(path: Path) -> None:
    path.write_bytes(b"{}")
    path.chmod(0)


PLACES: tuple[Callable[[Path], None], ...] = (_folder, _fifo, _device, _loop, _dangling, _unreadable)
"""What may stand where a file of state is expected."""
