"""Bytes and noise of a message: they lie beside its head, so that they are copied once, from socket to final buffer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.errors import WireError
from engine.worker.messages.limits import MAX_AXES, MAX_PART, MAX_PARTS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Outgoing:
    """What is sent beside the head of one message.

    Attributes:
        parts: The buffers, in the order in which the head mentions them.
        numbers: The number of each value that was packed, by its `id`: a value that occurs again, as the rounds that
            the lineages of a grid have in common, is packed as its number.
    """

    def __init__(self) -> None:
        self.parts: list[memoryview] = []
        self.numbers: dict[int, int] = {}

    def add(self, part: memoryview, where: str) -> int:
        """Add a buffer, and return its size, which stands for it in the head."""
        if part.nbytes > MAX_PART or len(self.parts) == MAX_PARTS:
            raise WireError(
                f"{where}: at most {MAX_PARTS} buffers of {MAX_PART:,} bytes, "
                f"found number {len(self.parts) + 1} of {part.nbytes:,} bytes"
            )
        self.parts.append(part)
        return part.nbytes


class Incoming:
    """What was received beside the head of one message.

    Attributes:
        values: The values that were unpacked so far; the head mentions them by their number.
    """

    def __init__(self, parts: Sequence[bytes]) -> None:
        self._parts = parts
        self._taken = 0
        self.values: list[object] = []

    def take(self, size: object, where: str) -> bytes:
        """Return the next buffer, whose size has to be the one that the head mentions."""
        found = len(self._parts[self._taken]) if self._taken < len(self._parts) else None
        if type(size) is not int or size != found:
            raise WireError(f"{where}: the head and the buffers beside it do not fit together")
        self._taken += 1
        return self._parts[self._taken - 1]

    def check_all_taken(self) -> None:
        """Raise WireError if there is a buffer that the head did not mention."""
        if self._taken < len(self._parts):
            raise WireError(f"{len(self._parts)} buffers beside the head, which mentions {self._taken}")


def pack_bytes(value: object, outgoing: Outgoing, where: str) -> object:
    """Lay bytes beside the head."""
    if not isinstance(value, bytes):
        raise WireError(f"{where}: bytes needed, found {type(value).__name__}")
    return outgoing.add(memoryview(value), where)


def unpack_bytes(raw: object, incoming: Incoming, where: str) -> bytes:
    """Return bytes that lie beside the head."""
    return incoming.take(raw, where)


def is_noise(value: object) -> bool:
    """Return whether a value is an array of float16 of either byte order."""
    dtype = getattr(value, "dtype", None)
    return dtype is not None and hasattr(value, "__array_interface__") and dtype.str[1:] == "f2"


def pack_noise(value: NDArray[np.float16], outgoing: Outgoing, where: str) -> object:
    """Lay noise beside the head, little-endian; the head has its shape, and whether it may be written to."""
    import numpy as np

    if not is_noise(value):
        raise WireError(f"{where}: an array of float16 needed, found {getattr(value, 'dtype', type(value).__name__)}")
    if value.ndim > MAX_AXES:
        raise WireError(f"{where}: at most {MAX_AXES} dimensions, found {value.ndim}")
    plain = np.asarray(value, dtype="<f2", order="C")
    size = outgoing.add(plain.reshape(-1).view(np.uint8).data, where)
    return [size, list(value.shape), value.flags.writeable]


def unpack_noise(raw: object, incoming: Incoming, where: str) -> NDArray[np.float16]:
    """Return noise that lies beside the head: little-endian float16, read-only where it was so."""
    import numpy as np

    if type(raw) is not list or len(raw) != 3:
        raise WireError(f"{where}: size, shape and mode of an array needed")
    size, shape, is_writeable = raw
    if type(shape) is not list or len(shape) > MAX_AXES or type(is_writeable) is not bool:
        raise WireError(f"{where}: size, shape and mode of an array needed")
    if not all(type(side) is int and 0 <= side <= MAX_PART for side in shape):
        raise WireError(f"{where}: the sides of an array are whole numbers from 0 to {MAX_PART:,}")
    data = incoming.take(size, where)
    if 2 * math.prod(shape) != len(data):
        raise WireError(f"{where}: {2 * math.prod(shape)} bytes needed for this shape, found {len(data)}")
    noise = np.frombuffer(data, dtype="<f2").reshape(shape)
    return noise.copy() if is_writeable else noise
