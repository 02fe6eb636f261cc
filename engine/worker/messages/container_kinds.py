"""Kinds of values that contain others: tuples, objects, and unions of several kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.errors import WireError
from engine.worker.messages.buffers import Incoming, Outgoing
from engine.worker.messages.json_values import check_items, kind_found, pack_text, unpack_text
from engine.worker.messages.plain_kinds import Kind


def tuple_kind(kinds: Sequence[Kind]) -> Kind:
    """Return the kind of a tuple of a fixed length."""

    def pack(value: object, outgoing: Outgoing, where: str) -> object:
        if not isinstance(value, tuple) or len(value) != len(kinds):
            raise WireError(f"{where}: a tuple of {len(kinds)} needed, found {type(value).__name__}")
        return [kind.pack(item, outgoing, where) for kind, item in zip(kinds, value, strict=True)]

    def unpack(raw: object, incoming: Incoming, where: str) -> object:
        if type(raw) is not list or len(raw) != len(kinds):
            raise WireError(f"{where}: a list of {len(kinds)} needed, found {kind_found(raw)}")
        return tuple([kind.unpack(item, incoming, where) for kind, item in zip(kinds, raw, strict=True)])

    return Kind(name="tuple", fits=lambda value: isinstance(value, tuple), pack=pack, unpack=unpack)


def sequence_kind(kind: Kind) -> Kind:
    """Return the kind of a tuple of any length."""
    pack_item, unpack_item = kind.pack, kind.unpack

    def pack(value: object, outgoing: Outgoing, where: str) -> object:
        if not isinstance(value, tuple):
            raise WireError(f"{where}: a tuple needed, found {type(value).__name__}")
        check_items(len(value), where)
        return [pack_item(item, outgoing, where) for item in value]

    def unpack(raw: object, incoming: Incoming, where: str) -> object:
        if type(raw) is not list:
            raise WireError(f"{where}: a list needed, found {kind_found(raw)}")
        return tuple([unpack_item(item, incoming, where) for item in raw])

    return Kind(name="tuple", fits=lambda value: isinstance(value, tuple), pack=pack, unpack=unpack)


def mapping_kind(kind: Kind) -> Kind:
    """Return the kind of an object whose keys are texts."""

    def pack(value: object, outgoing: Outgoing, where: str) -> object:
        if not isinstance(value, Mapping):
            raise WireError(f"{where}: an object needed, found {type(value).__name__}")
        check_items(len(value), where)
        return {pack_text(key, where): kind.pack(entry, outgoing, where) for key, entry in value.items()}

    def unpack(raw: object, incoming: Incoming, where: str) -> object:
        if type(raw) is not dict:
            raise WireError(f"{where}: an object needed, found {kind_found(raw)}")
        return {unpack_text(key, where): kind.unpack(entry, incoming, where) for key, entry in raw.items()}

    return Kind(name="mapping", fits=lambda value: isinstance(value, Mapping), pack=pack, unpack=unpack)


def union_kind(alternatives: Sequence[Kind]) -> Kind:
    """Return the kind of a value of one of several kinds, whose name travels with it.

    Raises:
        TypeError: Two of them have the same name.
    """
    kinds = {kind.name: kind for kind in alternatives}
    if len(kinds) != len(alternatives):
        raise TypeError(f"two of {', '.join(kind.name for kind in alternatives)} have the same name on the wire")

    def fits(value: object) -> bool:
        return any(kind.fits(value) for kind in kinds.values())

    def pack(value: object, outgoing: Outgoing, where: str) -> object:
        for name, kind in kinds.items():
            if kind.fits(value):
                return [name, kind.pack(value, outgoing, where)]
        raise WireError(f"{where}: one of {', '.join(kinds)} needed, found {type(value).__name__}")

    def unpack(raw: object, incoming: Incoming, where: str) -> object:
        name, plain = raw if type(raw) is list and len(raw) == 2 else (None, None)
        if type(name) is not str or name not in kinds:
            raise WireError(f"{where}: one of {', '.join(kinds)} needed, found {kind_found(raw)}")
        return kinds[name].unpack(plain, incoming, where)

    return Kind(name="union", fits=fits, pack=pack, unpack=unpack)
