"""The header of a safetensors file: names, dtypes and shapes, checked before a library sees them.  No torch.

The library takes headers of 100 MB, for which it needs 1.7 GiB and a minute, and says little of what is wrong with one.
What passes here passes there: the rules are the same, the limits are lower.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

from engine.paths import open_regular

MAX_HEADER_BYTES = 2**24
"""Above the largest headers that are in use; most of such a header is what a trainer noted in the metadata."""
MAX_TENSORS = 2**16
_MAX_AXES = 8
_MAX_NAME = 512
_MAX_SIDE = 2**40
_BITS: Mapping[str, int] = MappingProxyType(
    {
        "BOOL": 8,
        "F4": 4,
        "F6_E2M3": 6,
        "F6_E3M2": 6,
        "U8": 8,
        "I8": 8,
        "F8_E5M2": 8,
        "F8_E4M3": 8,
        "F8_E8M0": 8,
        "F8_E4M3FNUZ": 8,
        "F8_E5M2FNUZ": 8,
        "I16": 16,
        "U16": 16,
        "F16": 16,
        "BF16": 16,
        "I32": 32,
        "U32": 32,
        "F32": 32,
        "C64": 64,
        "F64": 64,
        "I64": 64,
        "U64": 64,
    }
)
"""The bits of one value, by the name of its dtype."""

_CUT = "is cut short or is not a safetensors file: download it again"
_NOT_ONE = "is not a safetensors file, whatever its name says"


class HeaderError(Exception):
    """The header breaks a rule; the text says which, in a few words."""


class NotSafetensorsError(HeaderError):
    """It is none, or ends within its header; the text goes on behind the name of the file."""


class IncompleteError(HeaderError):
    """The header is sound, but the file has another size."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """What a safetensors file says of itself.

    Attributes:
        tensors: The shape of each tensor by its name, sorted.
        metadata: What the program that wrote it says of it.
    """

    tensors: Mapping[str, tuple[int, ...]]
    metadata: Mapping[str, str]


def read_safetensors_header(path: Path) -> Header:
    """Read the header of a safetensors file.

    Raises:
        HeaderError: It breaks a rule.
        OSError: The file cannot be read, or is no regular file.
    """
    with open_regular(path) as file:
        size = file.seek(0, 2)
        file.seek(0)
        start = file.read(8)
        length = int.from_bytes(start, "little")
        if length > max(size, MAX_HEADER_BYTES):
            raise NotSafetensorsError(_NOT_ONE)
        if len(start) < 8 or not 2 <= length <= size - 8:
            raise NotSafetensorsError(_CUT)
        if length > MAX_HEADER_BYTES:
            raise HeaderError(f"its header of {length:,} bytes is larger than {MAX_HEADER_BYTES:,}")
        text = file.read(length)
    return _header(text, size - 8 - length)


def _header(text: bytes, data_bytes: int) -> Header:
    if text[:1] != b"{":
        raise NotSafetensorsError(_NOT_ONE)
    try:
        entries = json.loads(text.decode("utf-8"), object_pairs_hook=_distinct, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise NotSafetensorsError(_NOT_ONE) from error
    metadata = entries.pop("__metadata__", None)
    metadata = {} if metadata is None else metadata
    if not isinstance(metadata, dict) or not all(map(_is_text, (*metadata, *metadata.values()))):
        raise HeaderError("its metadata are no texts")
    if len(entries) > MAX_TENSORS:
        raise HeaderError(f"it has {len(entries):,} tensors, more than {MAX_TENSORS:,}")
    tensors, places = {}, []
    for name in sorted(entries):
        tensors[name], place = _tensor(name, entries[name])
        places.append(place)
    _check_places(sorted(places), data_bytes)
    return Header(tensors=tensors, metadata=metadata)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def _is_text(value: object) -> bool:
    """Return whether a value is a text; half a surrogate pair, which JSON can hold, is none."""
    try:
        return isinstance(value, str) and bool(value.encode("utf-8") or not value)
    except UnicodeEncodeError:
        return False


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object without repeated keys, of which each reader may take another one."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is repeated")
    return found


def _tensor(name: str, entry: object) -> tuple[tuple[int, ...], tuple[int, int]]:
    """Return the shape of a tensor, and where it begins and ends behind the header."""
    if not isinstance(entry, dict) or not entry.keys() >= {"dtype", "shape", "data_offsets"}:
        raise HeaderError("a tensor is not described by its dtype, shape and data_offsets")
    shape, offsets = entry["shape"], entry["data_offsets"]
    if len(name) > _MAX_NAME or not name.isprintable():
        raise HeaderError(f"the name of a tensor has control characters, or is longer than {_MAX_NAME} characters")
    if not isinstance(entry["dtype"], str) or entry["dtype"] not in _BITS:
        raise HeaderError("the dtype of a tensor is not known")
    if not _is_list_of_sizes(shape) or len(shape) > _MAX_AXES:
        raise HeaderError(f"the shape of a tensor is no list of at most {_MAX_AXES} sizes")
    if not _is_list_of_sizes(offsets) or len(offsets) != 2:
        raise HeaderError("the data_offsets of a tensor are not two positions in the file")
    if (offsets[1] - offsets[0]) * 8 != math.prod(shape) * _BITS[entry["dtype"]]:
        raise HeaderError("the data_offsets of a tensor do not fit its shape")
    return tuple(shape), (offsets[0], offsets[1])


def _is_list_of_sizes(value: object) -> bool:
    return isinstance(value, list) and all(type(size) is int and 0 <= size <= _MAX_SIDE for size in value)


def _check_places(places: list[tuple[int, int]], data_bytes: int) -> None:
    end = 0
    for begin, after in places:
        if begin != end:
            raise HeaderError("tensors overlap, or there are bytes between them")
        end = after
    if end != data_bytes:
        raise IncompleteError("the file has another size")
