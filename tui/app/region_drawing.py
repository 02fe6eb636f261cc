"""Regions drawn on pictures: pure functions from pictures and masks (`engine.search.regions`) to pictures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from engine.rendering.events import Picture
from tui.graphics.geometry import Box, fit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_DARKNESS: Final = 0.3
"""What is left of the brightness outside the region that is lit."""
_GENTLE: Final = 0.55
"""The same where no frame can be drawn, and what stays has to be judged all the same."""
_DARK: Final = 16
_BRIGHT: Final = 248
"""The two lines of a frame: one of them is seen on any picture."""
_LINES: Final = 180
"""The shorter side of a picture over the width of a line."""
_FEW_CHARACTERS: Final = 20
"""Half-cells of the shorter side of the smallest picture that a frame of characters does not fill."""


def lit(picture: Picture, region: str, darkness: float = _DARKNESS) -> Picture:
    """Return a picture with everything outside a region dimmed.

    Args:
        picture: The picture.
        region: The mask of what stays bright; "" for all of it.
        darkness: What is left of the brightness elsewhere.

    Returns:
        A picture of the same size; `picture` itself where nothing is dimmed.
    """
    if not region:
        return picture
    import numpy as np

    pixels = _pixels(picture)
    bright = _inside(region, picture.width, picture.height)[..., None]
    return _picture(np.where(bright, pixels, (pixels * darkness).astype(np.uint8)))


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
        mean = sum((_pixels(_resized(each, parent))[inside].astype(np.uint16) for each in pictures), np.uint16(0))
        result[inside] = (mean + len(pictures) // 2) // len(pictures)
    return _picture(result)


def framed(picture: Picture, region: str, line: tuple[int, int] = (1, 1)) -> Picture:
    """Return a picture with a frame around a region, inside it: a dark line, and a bright one within.

    Args:
        picture: The picture.
        region: The mask of the region; "" for none.
        line: The width of an upright line, and the height of one that lies, in pixels.

    Returns:
        A picture of the same size; `picture` itself without a region.
    """
    if not region:
        return picture
    pixels = _pixels(picture).copy()
    dark, bright = _lines(region, picture.width, picture.height, line)
    pixels[dark], pixels[bright] = _DARK, _BRIGHT
    return _picture(pixels)


def marked(picture: Picture, region: str, box: Box, *, has_pixels: bool) -> Picture:
    """Return a picture as a cell of the grid shows it while only a region varies.

    Args:
        picture: The picture.
        region: The mask of the region; "" for none.
        box: The room of the cell.
        has_pixels: Whether the terminal draws pixels; else it draws characters.

    Returns:
        A picture no larger than the box, with a frame around the region; where a frame of characters would hide the
        picture, what lies outside the region is dimmed instead.
    """
    if not region or min(box.columns, box.rows) <= 0:
        return picture
    from tui.graphics.images import scaled

    width, height = fit(picture.width, picture.height, box)
    if not has_pixels and min(width // box.cell_width, 2 * height // box.cell_height) < _FEW_CHARACTERS:
        return lit(scaled(picture, max(width, height)), region, _GENTLE)
    small = scaled(picture, max(width, height))
    thin = max(1, round(min(width, height) / _LINES))
    line = (thin, thin) if has_pixels else (box.cell_width, box.cell_height // 2)
    enlarged = width / small.width
    return framed(small, region, (max(1, round(line[0] / enlarged)), max(1, round(line[1] / enlarged))))


@lru_cache(maxsize=32)
def _lines(region: str, width: int, height: int, line: tuple[int, int]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which pixels belong to the dark and to the bright line of a frame."""
    inside = _inside(region, width, height)
    within = _eroded(inside, *line)
    return inside & ~within, within & ~_eroded(within, *line)


def _eroded(inside: NDArray[np.bool_], columns: int, rows: int) -> NDArray[np.bool_]:
    """Return the pixels of which all neighbours, so many to each side, are inside too; beyond the edges none is."""
    import numpy as np

    height, width = inside.shape
    padded = np.pad(inside, ((rows, rows), (columns, columns)))
    upright = np.logical_and.reduce([padded[at : at + height] for at in range(2 * rows + 1)])
    eroded: NDArray[np.bool_] = np.logical_and.reduce([upright[:, at : at + width] for at in range(2 * columns + 1)])
    return eroded


def _inside(region: str, width: int, height: int) -> NDArray[np.bool_]:
    """Return which pixels lie in a region, by the cell in which their top left corner lies, as the noise is divided."""
    import numpy as np

    cells = np.array([[cell == "1" for cell in row] for row in (region or "1").split("/")], dtype=np.bool_)
    rows = np.arange(height) * cells.shape[0] // height
    columns = np.arange(width) * cells.shape[1] // width
    inside: NDArray[np.bool_] = cells[np.ix_(rows, columns)]
    return inside


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
