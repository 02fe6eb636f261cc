"""What a type hint means on the wire: how its values become MessagePack's plain types, and are checked on the way back.

Nothing names the classes of requests and events here: their own hints say what their fields are, so that a new field
travels at once.  A hint that is not supported is a TypeError when its class is used for the first time.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from engine.worker.messages.container_kinds import mapping_kind, sequence_kind, tuple_kind, union_kind
from engine.worker.messages.dataclass_kinds import dataclass_kind
from engine.worker.messages.plain_kinds import BYTES, FLAG, INTEGER, JSON, NOISE, NOTHING, NUMBER, TEXT, Kind, enum_kind


class _JsonValue:
    """Stands for `latentpng.record.Json` among the hints, which is recursive."""


_PLAIN: Mapping[type, Kind] = {
    bool: FLAG,
    bytes: BYTES,
    float: NUMBER,
    int: INTEGER,
    str: TEXT,
    type(None): NOTHING,
    _JsonValue: JSON,
}


@cache
def kind_of(hint: object) -> Kind:
    """Return what a type hint means.

    Raises:
        TypeError: The hint is not supported.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if isinstance(hint, type) and origin is None:
        return _kind_of_class(hint)
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return sequence_kind(kind_of(arguments[0]))
        return tuple_kind([kind_of(argument) for argument in arguments])
    if origin in (types.UnionType, typing.Union):
        return union_kind([kind_of(argument) for argument in arguments])
    if origin in (Mapping, dict) and arguments[0] is str:
        return mapping_kind(kind_of(arguments[1]))
    if hint == _names()["NDArray"][_names()["np"].float16]:
        return NOISE
    raise TypeError(f"{hint!r} has no form on the wire")


def _kind_of_class(cls: type) -> Kind:
    if cls in _PLAIN:
        return _PLAIN[cls]
    if issubclass(cls, Enum):
        return enum_kind(cls)
    if dataclasses.is_dataclass(cls):
        hints = get_type_hints(cls, localns=_names())
        return dataclass_kind(cls, {field.name: kind_of(hints[field.name]) for field in dataclasses.fields(cls)})
    raise TypeError(f"{cls.__name__} has no form on the wire")


@cache
def _names() -> dict[str, Any]:
    """Return what hints name and modules import for type checkers only, with a stand-in for the recursive type."""
    import numpy as np
    from numpy.typing import NDArray

    return {"np": np, "NDArray": NDArray, "Json": _JsonValue, "JsonObject": Mapping[str, _JsonValue]}
