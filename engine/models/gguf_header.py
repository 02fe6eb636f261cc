"""The header of a `.gguf` file: the names and shapes of its tensors, and where their values begin.  No torch, no gguf.

The format is that of llama.cpp (docs/gguf.md in the repository of ggml): a magic word, counts, key-value pairs, one
entry for each tensor, then the aligned values.  Files come from strangers, so every count and length has a limit.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from engine.paths import open_regular

MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_MAX_TENSORS, _MAX_PAIRS, _MAX_AXES = 100_000, 10_000, 8
_MAX_TEXT, _MAX_ITEMS, _MAX_HEADER = 1 << 20, 1 << 20, 1 << 26
"""The bytes of a text, the values of all lists, each of which the library gguf makes an object of, and all bytes."""
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""The bytes of a value of each scalar type."""
_TEXT, _ARRAY = 8, 9
BLOCKS = {
    0: (1, 4),
    1: (1, 2),
    2: (32, 18),
    3: (32, 20),
    6: (32, 22),
    7: (32, 24),
    8: (32, 34),
    9: (32, 40),
    10: (256, 84),
    11: (256, 110),
    12: (256, 144),
    13: (256, 176),
    14: (256, 210),
    15: (256, 292),
    16: (256, 66),
    17: (256, 74),
    18: (256, 98),
    19: (256, 50),
    20: (32, 18),
    21: (256, 110),
    22: (256, 82),
    23: (256, 136),
    24: (1, 1),
    25: (1, 2),
    26: (1, 4),
    27: (1, 8),
    28: (1, 8),
    29: (256, 56),
    30: (1, 2),
    34: (256, 54),
    35: (256, 66),
    39: (32, 17),
    40: (64, 36),
    41: (128, 18),
}
"""How many values a block has, and how many bytes, by the number of the type of a tensor."""


class GgufError(ValueError):
    """The file is not a GGUF file, or is damaged; the message says what was found."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GgufHeader:
    """What the header of a GGUF file says.

    Attributes:
        tensors: The shape of each tensor as torch has it (the last axis varies fastest), by its name.
        size: The bytes of the header, at most; the values of the tensors follow.
    """

    tensors: dict[str, tuple[int, ...]]
    size: int


def read_gguf_header(path: Path) -> GgufHeader:
    """Read the header of a GGUF file.

    Raises:
        GgufError: It is not a GGUF file, or cut short, or out of the limits.
        OSError: It cannot be read.
    """
    with open_regular(path) as stream:
        if stream.read(4) != MAGIC:
            raise GgufError("it does not begin like a GGUF file")
        (version,) = _unpack(stream, "<I")
        if version not in _VERSIONS:
            raise GgufError(f"it has version {version} of the format")
        tensors, pairs = _unpack(stream, "<QQ")
        if tensors > _MAX_TENSORS or pairs > _MAX_PAIRS:
            raise GgufError(f"it counts {tensors} tensors and {pairs} properties")
        items = 0
        for _ in range(pairs):
            _text(stream)
            items += _skip_value(stream, _unpack(stream, "<I")[0])
            if items > _MAX_ITEMS or stream.tell() > _MAX_HEADER:
                raise GgufError("its properties are too many")
        entries = [_tensor(stream) for _ in range(tensors)]
        header = GgufHeader(tensors={name: shape for name, shape, _ in entries}, size=stream.tell())
    if len(header.tensors) < len(entries):
        raise GgufError("two tensors have one name")
    if header.size + max((end for _, _, end in entries), default=0) > path.stat().st_size:
        raise GgufError("it is cut short")
    return header


def _tensor(stream: BinaryIO) -> tuple[str, tuple[int, ...], int]:
    """Return a tensor's name, its shape, and the byte after its values, counted from the first of all values."""
    name = _text(stream)
    (axes,) = _unpack(stream, "<I")
    if axes > _MAX_AXES:
        raise GgufError(f"a tensor has {axes} axes")
    shape = _unpack(stream, f"<{axes}Q")
    kind, offset = _unpack(stream, "<IQ")
    if kind not in BLOCKS:
        raise GgufError(f"a tensor is quantised as type {kind}, which is not known")
    values, size = BLOCKS[kind]
    if not shape or not all(shape) or shape[0] % values:
        raise GgufError(f"a tensor has the shape {shape}")
    return name, tuple(reversed(shape)), offset + math.prod(shape) // values * size


def _text(stream: BinaryIO) -> str:
    (length,) = _unpack(stream, "<Q")
    if length > _MAX_TEXT:
        raise GgufError(f"a text has {length} bytes")
    return _read(stream, length).decode("utf-8", "replace")


def _skip_value(stream: BinaryIO, kind: int) -> int:
    """Skip a property, and return how many values it has."""
    if kind == _TEXT:
        _text(stream)
    elif kind == _ARRAY:
        inner, count = _unpack(stream, "<IQ")
        if count > _MAX_ITEMS:
            raise GgufError(f"a list has {count} values")
        if inner in _SIZES:
            _read(stream, _SIZES[inner] * count)
        elif inner == _TEXT:
            for _ in range(count):
                _text(stream)
        else:
            raise GgufError(f"a list has values of type {inner}")
        return count
    elif kind in _SIZES:
        _read(stream, _SIZES[kind])
    else:
        raise GgufError(f"a property has type {kind}")
    return 1


def _unpack(stream: BinaryIO, form: str) -> tuple[int, ...]:
    return struct.unpack(form, _read(stream, struct.calcsize(form)))


def _read(stream: BinaryIO, size: int) -> bytes:
    found = stream.read(size)
    if len(found) != size:
        raise GgufError("it is cut short")
    return found
