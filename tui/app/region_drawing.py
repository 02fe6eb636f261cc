"""Regions drawn on pictures: pure functions from pictures and masks (`engine.search.regions`) to pictures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from engine.rendering.events import Picture
from engine.search.regions import WHOLE
from tui.graphics.geometry import Box, fit, whole_cells

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
_FINE: Final = 128
"""Pixels of the longer side of a picture on which a line of one pixel is thin enough."""
_FEW_CHARACTERS: Final = 20
"""Half-cells of the shorter side of the smallest picture that a frame of characters does not fill."""


def lit(picture: Picture, region: str, darkness: float = _DARKNESS, points: tuple[int, int] | None = None) -> Picture:
    """Return a picture with everything outside a region dimmed.

    Args:
        picture: The picture.
        region: The mask of what stays bright; "" for all of it.
        darkness: What is left of the brightness elsewhere.
        points: As for `framed`; None for one point to each pixel.

    Returns:
        A picture of the same size; `picture` itself where nothing is dimmed.
    """
    if not region:
        return picture
    import numpy as np

    pixels = _pixels(picture)
    inside = _inside(region, *(points or (picture.width, picture.height)))
    bright = inside[_stretched(inside, picture.width, picture.height)]
    return _picture(np.where(bright[..., None], pixels, (pixels * darkness).astype(np.uint8)))


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
        seen = [_pixels(_at_size(each, parent.width, parent.height))[window] for each in pictures]
        mean = (np.add.reduce(seen, dtype=np.uint16) + len(seen) // 2) // len(seen)
        np.copyto(result[window], mean.astype(np.uint8), where=inside[window][..., None])
    return _picture(result)


def framed(picture: Picture, region: str, points: tuple[int, int]) -> Picture:
    """Return a picture with a frame around a region, inside it: a dark line, and a bright one within.

    Args:
        picture: The picture.
        region: The mask of the region; "" for none.
        points: Into how many columns and rows of points the picture is divided; a line is one point wide.

    Returns:
        A picture of the same size; `picture` itself without a region.
    """
    if not region:
        return picture
    pixels = _pixels(picture).copy()
    dark, bright = _lines(region, picture.width, picture.height, points)
    pixels[dark], pixels[bright] = _DARK, _BRIGHT
    return _picture(pixels)


def marked(picture: Picture, region: str, box: Box, *, has_pixels: bool, bright: str = WHOLE) -> Picture:
    """Return a picture as a cell of the grid shows it while only a region varies.

    Args:
        picture: The picture.
        region: The mask of the region; "" for none.
        box: The room of the cell.
        has_pixels: Whether the terminal draws pixels; else it draws characters.
        bright: The mask of what is not dimmed; "" for all of it.

    Returns:
        A picture no larger than the box, with a frame around the region; where a frame of characters would hide the
        picture, what lies outside the region is dimmed instead.
    """
    if not (region or bright) or min(box.columns, box.rows) <= 0:
        return picture
    from tui.graphics.images import scaled, size_within

    width, height = fit(picture.width, picture.height, box)
    if has_pixels:
        small = scaled(picture, max(width, height))
        if max(small.width, small.height) < _FINE:  # a preview: a pixel of it is as wide as many lines
            small = _at_size(small, *size_within(width, height, _FINE))
        point = max(1, round(max(1.0, min(width, height) / _LINES) * small.width / width))
        points = max(1, small.width // point), max(1, small.height // point)
        return framed(lit(small, bright, points=points), region, points)
    area = whole_cells(picture.width, picture.height, box)
    if min(area.columns, 2 * area.rows) < _FEW_CHARACTERS:
        return lit(scaled(picture, max(width, height)), bright or region, _GENTLE)
    # A point is half a character high: a line that lies across two characters would be smeared over both.
    whole = _at_size(picture, area.columns * box.cell_width, area.rows * box.cell_height)
    points = area.columns, 2 * area.rows
    return framed(lit(whole, bright, points=points), region, points)


@lru_cache(maxsize=32)
def _lines(
    region: str, width: int, height: int, points: tuple[int, int]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which pixels belong to the dark and to the bright line of a frame."""
    inside = _inside(region, *points)
    within, pixels = _eroded(inside), _stretched(inside, width, height)
    return (inside & ~within)[pixels], (within & ~_eroded(within))[pixels]


def _stretched(points: NDArray[np.bool_], width: int, height: int) -> tuple[NDArray[np.intp], ...]:
    """Return the index that gives each pixel of a picture the value of the point in which it lies."""
    import numpy as np

    rows, columns = (np.arange(side) * count // side for side, count in zip((height, width), points.shape, strict=True))
    return np.ix_(rows, columns)


def _eroded(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the points whose eight neighbours are inside too; beyond the edges none is."""
    import numpy as np

    padded = np.pad(inside, 1)
    upright = padded[:-2] & padded[1:-1] & padded[2:]
    eroded: NDArray[np.bool_] = upright[:, :-2] & upright[:, 1:-1] & upright[:, 2:]
    return eroded


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


def _at_size(picture: Picture, width: int, height: int) -> Picture:
    if (picture.width, picture.height) == (width, height):
        return picture
    from tui.graphics.images import to_image, to_picture

    return to_picture(to_image(picture).resize((width, height), reducing_gap=2.0))


def _pixels(picture: Picture) -> NDArray[np.uint8]:
    """Return the pixels of a picture: (height, width, 3), uint8."""
    import numpy as np

    return np.frombuffer(picture.rgb, dtype=np.uint8).reshape(picture.height, picture.width, 3)


def _picture(pixels: NDArray[np.uint8]) -> Picture:
    return Picture(width=pixels.shape[1], height=pixels.shape[0], rgb=pixels.tobytes())
