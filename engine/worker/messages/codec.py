"""Messages between a program and its worker as bytes: a head in MessagePack, and pixels and noise beside it.

`decode(encode(x)) == x` for every request and every event, bit for bit.  What is decoded is checked against the hints
of its class, and built by its constructor, so that a message can be nothing else than one of the known values, whoever
sent it.  Refuses to run or to look up anything that a message names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, get_args

from engine.errors import WireError
from engine.rendering.events import Event
from engine.rendering.requests import CancelJob, CancelRound, Job, LoadModel
from engine.worker.messages.buffers import Incoming, Outgoing
from engine.worker.messages.json_values import kind_found, pack_head, unpack_head
from engine.worker.messages.kinds import kind_of

Request: TypeAlias = LoadModel | Job | CancelJob | CancelRound

REQUESTS: tuple[type, ...] = get_args(Request)
"""What a worker receives."""
EVENTS: tuple[type, ...] = get_args(Event)
"""What a worker sends."""


def encode(value: object) -> list[memoryview]:
    """Return the parts of a message: its head, then its pixels and noise, which are not copied.

    Args:
        value: A dataclass, of a class whose fields have a form on the wire.

    Raises:
        WireError: A field is of another type than its hint says, or larger than a message may be.
    """
    outgoing = Outgoing()
    cls: type = type(value)
    plain = kind_of(cls).pack(value, outgoing, cls.__name__)
    return [memoryview(pack_head([cls.__name__, plain])), *outgoing.parts]


class Codec:
    """Decodes the values of a fixed set of classes."""

    def __init__(self, classes: Sequence[type] = (*REQUESTS, *EVENTS)) -> None:
        """Allow these classes, frozen dataclasses with different names; `REQUESTS` and `EVENTS` are such sets."""
        self._classes = {cls.__name__: cls for cls in classes}
        if len(self._classes) != len(classes):
            raise ValueError(f"two classes with the same name among {', '.join(cls.__name__ for cls in classes)}")

    def decode(self, parts: Sequence[bytes]) -> object:
        """Return the value that the parts of a message stand for.

        Args:
            parts: The head, then pixels and noise in the order of `encode`; the value keeps these buffers.

        Raises:
            WireError: They are no message, or one of a class that is not allowed here.
        """
        message = unpack_head(parts[0])
        name, plain = message if type(message) is list and len(message) == 2 else (None, None)
        if type(name) is not str:
            raise WireError(f"the name of a message and its value needed, found {kind_found(message)}")
        if name not in self._classes:
            raise WireError(f"one of {', '.join(self._classes)} needed, found a message of another name")
        incoming = Incoming(parts[1:])
        value = kind_of(self._classes[name]).unpack(plain, incoming, name)
        incoming.check_all_taken()
        return value
