"""The kind of a dataclass on the wire: an object of all its fields, or the number of a value that occurred before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from engine.errors import WireError
from engine.worker.messages.buffers import Incoming, Outgoing
from engine.worker.messages.json_values import kind_found
from engine.worker.messages.plain_kinds import Kind


def dataclass_kind(cls: type, kinds: Mapping[str, Kind]) -> Kind:
    """Return the kind of a dataclass, which travels as an object of its fields.

    Args:
        cls: The class; its constructor checks what its fields may be together.
        kinds: The kind of each field.
    """
    packs = [(name, kind.pack, f"{cls.__name__}.{name}") for name, kind in kinds.items()]
    unpacks = [(name, kind.unpack, f"{cls.__name__}.{name}") for name, kind in kinds.items()]
    names = set(kinds)

    def pack(value: object, outgoing: Outgoing, where: str) -> object:
        if type(value) is not cls:
            raise WireError(f"{where}: {cls.__name__} needed, found {type(value).__name__}")
        number = outgoing.numbers.get(id(value))
        if number is not None:
            return number
        plain = {name: pack_field(getattr(value, name), outgoing, place) for name, pack_field, place in packs}
        outgoing.numbers[id(value)] = len(outgoing.numbers)
        return plain

    def unpack(raw: object, incoming: Incoming, where: str) -> object:
        if type(raw) is int:
            return _known(raw, cls, incoming, where)
        if type(raw) is not dict:
            raise WireError(f"{where}: {cls.__name__} needed, found {kind_found(raw)}")
        if raw.keys() != names:
            _refuse_fields(cls.__name__, names, raw)
        values = {name: unpack_field(raw[name], incoming, place) for name, unpack_field, place in unpacks}
        try:
            value = cls(**values)
        except ValueError as error:
            raise WireError(f"{cls.__name__}: {error}") from error
        incoming.values.append(value)
        return cast("object", value)

    return Kind(name=cls.__name__, fits=lambda value: type(value) is cls, pack=pack, unpack=unpack)


def _known(number: int, cls: type, incoming: Incoming, where: str) -> object:
    """Return a value that occurred before."""
    value = incoming.values[number] if 0 <= number < len(incoming.values) else None
    if type(value) is not cls:
        raise WireError(f"{where}: no {cls.__name__} has number {number}")
    return value


def _refuse_fields(name: str, needed: set[str], raw: Mapping[object, object]) -> None:
    missing = ", ".join(sorted(needed - raw.keys()))
    if missing:
        raise WireError(f"{name}: missing fields: {missing}")
    raise WireError(f"{name}: {len(raw.keys() - needed)} unknown fields")
