"""Kinds of values on the wire that contain no others: texts, numbers, JSON, members of enums, bytes, noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from engine.errors import WireError
from engine.worker.messages.buffers import (
    Incoming,
    Outgoing,
    is_noise,
    pack_bytes,
    pack_noise,
    unpack_bytes,
    unpack_noise,
)
from engine.worker.messages.json_values import (
    kind_found,
    pack_integer,
    pack_json,
    pack_text,
    unpack_integer,
    unpack_json,
    unpack_text,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A kind of value.

    Attributes:
        name: What stands for it in the head where a hint allows several kinds.
        fits: Whether a value is of this kind, where a hint allows several.
        pack: Makes the plain form; its arguments are the value, what lies beside the head, and the start of an error's
            sentence.  Raises WireError for a value of another kind.
        unpack: Makes the value of the plain form; its arguments are likewise.  Raises WireError.
    """

    name: str
    fits: Callable[[object], bool]
    pack: Callable[[Any, Outgoing, str], object]
    unpack: Callable[[object, Incoming, str], object]


def enum_kind(cls: type[Enum]) -> Kind:
    """Return the kind of the members of an enum, each of which travels as its value."""
    members = {(type(member.value), member.value): member for member in cls}

    def pack(value: object, outgoing: Outgoing, where: str) -> object:  # noqa: ARG001 (as every kind)
        if not isinstance(value, cls):
            raise WireError(f"{where}: {cls.__name__} needed, found {type(value).__name__}")
        return value.value

    def unpack(raw: object, incoming: Incoming, where: str) -> object:  # noqa: ARG001 (as every kind)
        member = members.get((type(raw), raw)) if type(raw) in (str, int) else None
        if member is None:
            raise WireError(f"{where}: one of the values of {cls.__name__} needed, found {kind_found(raw)}")
        return member

    return Kind(name=cls.__name__, fits=lambda value: isinstance(value, cls), pack=pack, unpack=unpack)


def _plain_number(value: object, where: str) -> object:
    """Return a number as it is: a whole number in place of a float stays one, since it is written differently."""
    return value if isinstance(value, float) else pack_integer(value, where)


def _number(raw: object, where: str) -> float:
    return raw if type(raw) is float else unpack_integer(raw, where)


def _same(value: object, cls: type, needed: str, where: str) -> object:
    if type(value) is not cls:
        raise WireError(f"{where}: {needed} needed, found {kind_found(value)}")
    return value


def _simple(
    name: str,
    fits: Callable[[object], bool],
    pack: Callable[[Any, str], object],
    unpack: Callable[[object, str], object],
) -> Kind:
    """Return a kind that has nothing beside the head."""
    return Kind(
        name=name,
        fits=fits,
        pack=lambda value, _, where: pack(value, where),
        unpack=lambda raw, _, where: unpack(raw, where),
    )


def _flag(value: object, where: str) -> object:
    return _same(value, bool, "true or false", where)


def _nothing(value: object, where: str) -> object:
    return _same(value, type(None), "nothing", where)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


TEXT = _simple("text", lambda value: isinstance(value, str), pack_text, unpack_text)
INTEGER = _simple("integer", _is_integer, pack_integer, unpack_integer)
NUMBER = _simple("number", lambda value: isinstance(value, float) or _is_integer(value), _plain_number, _number)
FLAG = _simple("flag", lambda value: isinstance(value, bool), _flag, _flag)
NOTHING = _simple("nothing", lambda value: value is None, _nothing, _nothing)
JSON = _simple("json", lambda _: True, pack_json, unpack_json)
BYTES = Kind(name="bytes", fits=lambda value: isinstance(value, bytes), pack=pack_bytes, unpack=unpack_bytes)
NOISE = Kind(name="noise", fits=is_noise, pack=pack_noise, unpack=unpack_noise)
