"""JSON in a message, exactly as it was: lists stay lists, tuples stay tuples, and whole numbers may exceed 64 bits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgpack

from engine.errors import WireError
from engine.worker.messages.limits import MAX_DEPTH, MAX_HEAD, MAX_INTEGER, MAX_ITEMS, MAX_TEXT, MAX_TUPLE, MAX_VALUES
from latentpng.record import Json

_INTEGER, _TUPLE = 1, 2
"""Codes of MessagePack's extension types: a whole number beyond 64 bits, and a tuple."""
_LEAST, _MOST = -(2**63), 2**64 - 1
_PLAIN = frozenset({bool, float, type(None)})


def pack_head(value: object) -> bytes:
    """Return the bytes of a value of plain types.

    Raises:
        WireError: There are too many of them.
    """
    # Prompts from a terminal and names of files may contain halves of surrogate pairs, for bytes that are not UTF-8.
    data: bytes = msgpack.packb(value, use_bin_type=True, unicode_errors="surrogatepass")
    if len(data) > MAX_HEAD:
        raise WireError(f"a message has at most {MAX_HEAD:,} bytes besides pixels and noise, found {len(data):,}")
    return data


def unpack_head(data: bytes) -> object:
    """Return the value of plain types that bytes spell.

    Raises:
        WireError: They are no MessagePack, or break a limit.
    """
    try:
        return _Unpacking().unpack(data)
    except (ValueError, TypeError, MemoryError, msgpack.UnpackException) as error:
        raise WireError(
            f"the head of the message is no MessagePack within the limits ({type(error).__name__})"
        ) from error


# A byte of a message can stand for an object of a hundred bytes.  MessagePack bounds each list and each object, but not
# all of them together, so they are counted while they are built.
class _Unpacking:
    """Unpacks one head, with all that is packed in it."""

    def __init__(self) -> None:
        self._count = self._depth = 0

    def unpack(self, data: bytes) -> object:
        """Return the value of plain types; tuples and large whole numbers become what they stand for."""
        return cast(
            "object",
            msgpack.unpackb(
                data,
                unicode_errors="surrogatepass",
                list_hook=self._list,
                object_hook=self._object,
                ext_hook=self._extension,
                max_str_len=min(4 * MAX_TEXT, len(data)),
                max_bin_len=0,
                max_array_len=min(MAX_ITEMS, len(data)),
                max_map_len=min(MAX_ITEMS, len(data)),
                max_ext_len=min(MAX_TUPLE, len(data)),
            ),
        )

    def _counted(self, count: int) -> None:
        self._count += 1 + count
        if self._count > MAX_VALUES:
            raise WireError(f"a message has at most {MAX_VALUES:,} values, found more")

    def _list(self, found: list[object]) -> list[object]:
        self._counted(len(found))
        return found

    def _object(self, found: dict[object, object]) -> dict[object, object]:
        self._counted(2 * len(found))
        return found

    def _extension(self, code: int, data: bytes) -> object:
        """Return what an extension stands for; one that is none of ours is left to those who expect something else."""
        self._counted(0)
        if code == _INTEGER and 0 < len(data) <= MAX_INTEGER:
            return int.from_bytes(data, "big", signed=True)
        if code == _TUPLE and self._depth < MAX_DEPTH:
            self._depth += 1
            items = self.unpack(data)
            self._depth -= 1
            if type(items) is list:
                return tuple(items)
        return msgpack.ExtType(code, data)


def pack_integer(value: object, where: str) -> object:
    """Return the plain form of a whole number; true and false are none."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise WireError(f"{where}: a whole number needed, found {type(value).__name__}")
    if _LEAST <= value <= _MOST:
        return value
    size = value.bit_length() // 8 + 1
    if size > MAX_INTEGER:
        raise WireError(f"{where}: a whole number has at most {MAX_INTEGER} bytes, found {size}")
    return msgpack.ExtType(_INTEGER, value.to_bytes(size, "big", signed=True))


def unpack_integer(raw: object, where: str) -> int:
    """Return the whole number that a plain form stands for."""
    if type(raw) is int:
        return raw
    raise WireError(f"{where}: a whole number needed, found {kind_found(raw)}")


def pack_text(value: object, where: str) -> str:
    """Return a text that is not too long."""
    if not isinstance(value, str):
        raise WireError(f"{where}: a text needed, found {type(value).__name__}")
    if len(value) > MAX_TEXT:
        raise WireError(f"{where}: a text has at most {MAX_TEXT:,} characters, found {len(value):,}")
    return value


def check_items(count: int, where: str) -> None:
    """Raise WireError unless a list or an object may have so many items."""
    if count > MAX_ITEMS:
        raise WireError(f"{where}: at most {MAX_ITEMS:,} items, found {count:,}")


def pack_json(value: object, where: str, depth: int = 0) -> object:
    """Return the plain form of a JSON value.

    Args:
        value: The value; what is not JSON is refused.
        where: The start of an error's sentence.
        depth: How many lists and objects it is in.
    """
    if type(value) in _PLAIN or isinstance(value, float):
        return value
    if isinstance(value, str):
        return pack_text(value, where)
    if isinstance(value, int):
        return pack_integer(value, where)
    if not isinstance(value, list | tuple | Mapping):
        raise WireError(f"{where}: JSON needed, found {type(value).__name__}")
    _check_depth(depth, where)
    check_items(len(value), where)
    if isinstance(value, Mapping):
        return {pack_text(key, where): pack_json(entry, where, depth + 1) for key, entry in value.items()}
    items = [pack_json(item, where, depth + 1) for item in value]
    return _packed_tuple(items, where) if isinstance(value, tuple) else items


def _packed_tuple(items: list[object], where: str) -> object:
    data = pack_head(items)
    if len(data) > MAX_TUPLE:
        raise WireError(f"{where}: a tuple has at most {MAX_TUPLE:,} bytes, found {len(data):,}")
    return msgpack.ExtType(_TUPLE, data)


def unpack_json(raw: object, where: str, depth: int = 0) -> Json:
    """Return the JSON value that a plain form stands for.

    Args:
        raw: The plain form.
        where: The start of an error's sentence.
        depth: How many lists and objects it is in.
    """
    if type(raw) in _PLAIN or type(raw) is str:
        return cast("Json", raw)
    if type(raw) is dict:
        _check_depth(depth, where)
        return {unpack_text(key, where): unpack_json(entry, where, depth + 1) for key, entry in raw.items()}
    if type(raw) is list:
        _check_depth(depth, where)
        return [unpack_json(item, where, depth + 1) for item in raw]
    if type(raw) is tuple:
        _check_depth(depth, where)
        return tuple(unpack_json(item, where, depth + 1) for item in raw)
    if isinstance(raw, msgpack.ExtType):
        raise WireError(f"{where}: JSON needed, found {kind_found(raw)}")
    return unpack_integer(raw, where)


def unpack_text(raw: object, where: str) -> str:
    """Return a text."""
    if type(raw) is not str:
        raise WireError(f"{where}: a text needed, found {kind_found(raw)}")
    return raw


def kind_found(raw: object) -> str:
    """Return how errors name the plain form that they found; never the value, which may be huge."""
    return _KINDS.get(type(raw), "something else")


_KINDS = {
    bool: "true or false",
    bytes: "bytes",
    dict: "an object",
    float: "a number",
    int: "a whole number",
    list: "a list",
    str: "a text",
    type(None): "nothing",
}


def _check_depth(depth: int, where: str) -> None:
    if depth >= MAX_DEPTH:
        raise WireError(f"{where}: at most {MAX_DEPTH} nested values, found more")
