"""Regions drawn on pictures: pure functions from pictures and masks (`engine.search.regions`) to pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from engine.rendering.events import Picture

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_DARKNESS: Final = 0.3
"""What is left of the brightness outside the region that is lit."""


def lit(picture: Picture, region: str) -> Picture:
    """Return a picture with everything outside a region dimmed.

    Args:
        picture: The picture.
        region: The mask of what stays bright; "" for all of it.

    Returns:
        A picture of the same size; `picture` itself where nothing is dimmed.
    """
    if not region:
        return picture
    import numpy as np

    pixels = _pixels(picture)
    bright = _inside(region, picture.width, picture.height)[..., None]
    return _picture(np.where(bright, pixels, (pixels * _DARKNESS).astype(np.uint8)))


def patchwork(parent: Picture, parts: Sequence[tuple[str, tuple[Picture, ...]]]) -> Picture:
    """Return a picture with parts of other pictures in it.

    Args:
        parent: What is seen outside all parts.
        parts: The mask of each region, and the pictures seen there: the average of several.  A later part covers an
            earlier one.

    Returns:
        A picture of the size of the parent; pictures of a different size are scaled to it.
    """
    import numpy as np

    result = _pixels(parent).copy()
    for region, pictures in parts:
        inside = _inside(region, parent.width, parent.height)
        window = _window(inside)  # a quarter of the picture is a quarter of the work, and a key waits for it
        seen = [_pixels(_resized(each, parent))[window] for each in pictures]
        mean = (np.add.reduce(seen, dtype=np.uint16) + len(seen) // 2) // len(seen)
        np.copyto(result[window], mean.astype(np.uint8), where=inside[window][..., None])
    return _picture(result)


def _inside(region: str, width: int, height: int) -> NDArray[np.bool_]:
    """Return which pixels lie in a region, by the cell in which their top left corner lies, as the noise is divided."""
    import numpy as np

    cells = np.array([[cell == "1" for cell in row] for row in (region or "1").split("/")], dtype=np.bool_)
    rows = np.arange(height) * cells.shape[0] // height
    columns = np.arange(width) * cells.shape[1] // width
    inside: NDArray[np.bool_] = cells[np.ix_(rows, columns)]
    return inside


def _window(inside: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Return the rows and columns from the first to the last pixel of a region."""
    import numpy as np

    lines = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    rows, columns = (slice(at[0], at[-1] + 1) if at.size else slice(0) for at in lines)
    return rows, columns


def _resized(picture: Picture, like: Picture) -> Picture:
    if (picture.width, picture.height) == (like.width, like.height):
        return picture
    from tui.graphics.images import to_image, to_picture

    return to_picture(to_image(picture).resize((like.width, like.height), reducing_gap=2.0))


def _pixels(picture: Picture) -> NDArray[np.uint8]:
    """Return the pixels of a picture: (height, width, 3), uint8."""
    import numpy as np

    return np.frombuffer(picture.rgb, dtype=np.uint8).reshape(picture.height, picture.width, 3)


def _picture(pixels: NDArray[np.uint8]) -> Picture:
    return Picture(width=pixels.shape[1], height=pixels.shape[0], rgb=pixels.tobytes())
