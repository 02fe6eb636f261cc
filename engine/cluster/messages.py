"""Requests and events between the driver and its actors: the bytes of the worker's own messages.

Ray passes bytes on as they are.  What arrives is checked as what a worker process sends.
"""

from __future__ import annotations

from typing import TypeAlias, cast

from engine.cluster.models import Weights
from engine.rendering.events import Event
from engine.worker.messages.codec import EVENTS, REQUESTS, Codec, Request, encode

Message: TypeAlias = tuple[bytes, ...]
"""The parts of a message, as `engine.worker.messages.codec` makes them."""

_REQUESTS = Codec(REQUESTS)
_EVENTS = Codec(EVENTS)
_WEIGHTS = Codec((Weights,))


def pack(value: Request | Event | Weights) -> Message:
    """Return the message that stands for a value.

    Raises:
        WireError: It is larger than a message may be.
    """
    return tuple(bytes(part) for part in encode(value))


def unpack_request(message: Message) -> Request:
    """Return the request of a message.

    Raises:
        WireError: It is none.
    """
    return cast("Request", _REQUESTS.decode(message))


def unpack_event(message: Message) -> Event:
    """Return the event of a message.

    Raises:
        WireError: It is none.
    """
    return cast("Event", _EVENTS.decode(message))


def unpack_weights(message: Message) -> Weights:
    """Return the weights of a message.

    Raises:
        WireError: It is none.
    """
    return cast("Weights", _WEIGHTS.decode(message))
