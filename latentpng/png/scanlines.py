"""Scanlines of a PNG: values of pixels with and without the filters of PNG, some rows at a time.

Pillow does the arithmetic.  It is handed a few rows, and the row above them in front, because filters look no further
up.  So no more than these rows are in memory, however large the picture is.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from latentpng.errors import InvalidValueError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}  # of Pillow, by bytes of a pixel


class Strips(NamedTuple):
    """A picture in strips of rows, from the top.

    Attributes:
        width: In pixels.
        height: In pixels.
        channels: Values of a pixel, 1 to 4.
        values: Arrays of uint8, (rows, width, channels), that together are the picture; they can be taken once.
    """

    width: int
    height: int
    channels: int
    values: Iterator[NDArray[np.uint8]]


def unfiltered(rows: bytes, above: bytes, channels: int) -> bytes:
    """Return the bytes of whole rows without their filters.

    Args:
        rows: The rows, each with the byte in front that names its filter.
        above: The bytes of the row above them, without filter; zeros for the first row.
        channels: The number of bytes of a pixel, 1 to 4.

    Raises:
        InvalidValueError: If a row names no filter that there is.
    """
    from PIL import Image

    length = len(above)
    count = len(rows) // (length + 1)
    data = zlib.compress(b"\0" + above + rows, 0)
    mode = _MODES[channels]
    try:
        picture = Image.frombytes(mode, (length // channels, count + 1), data, "zip", mode, 0)
    except (OSError, ValueError) as error:
        raise InvalidValueError("a row has an unknown filter") from error
    return picture.tobytes()[length:]


def compressed(strips: Strips) -> Iterator[bytes]:
    """Yield the data of IDAT chunks, in pieces.

    Args:
        strips: The picture.
    """
    from PIL import Image

    mode, length = _MODES[strips.channels], strips.width * strips.channels
    deflater, above = zlib.compressobj(), bytes(length)
    for values in strips.values:
        rows = above + values.tobytes()
        picture = Image.frombytes(mode, (strips.width, len(values) + 1), rows)
        filtered = zlib.decompress(picture.tobytes("zip", mode, 0, 0, -1, b""))
        yield deflater.compress(filtered[length + 1 :])
        above = rows[-length:]
    yield deflater.flush()
