"""Dim a picture that is out of date, for few bytes.

Sixels stay on the screen, so that it is enough to draw every second row of pixels over in the colour of the background:
a few bytes for each band.  Everywhere else a small dark copy of the picture is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.graphics.geometry import Area, Box
from tui.graphics.images import size_within, to_image, to_picture

if TYPE_CHECKING:
    from engine.rendering.events import Picture

_BAND: Final = 6
_EVERY_SECOND_ROW: Final = chr(63 + 0b101010)
_SMALL: Final = 64
"""Pixels of the longer side of a dark copy."""
_DARKNESS: Final = 0.4


def scanlines(area: Area, box: Box, colour: tuple[int, int, int]) -> str:
    """Return the sixels that draw every second row of pixels over and leave the others as they are.

    Args:
        area: The cells that the picture covers.
        box: The box that it was encoded for, which says how large a cell is.
        colour: The colour to draw in, 0 to 255 a channel.
    """
    width, bands = area.columns * box.cell_width, area.rows * box.cell_height // _BAND
    register = ";".join(str(round(value * 100 / 255)) for value in colour)
    body = "-".join([f"#0!{width}{_EVERY_SECOND_ROW}"] * bands)
    return f'\x1bP0;1;0q"1;1;{width};{bands * _BAND}#0;2;{register}{body}\x1b\\'


def darkened(picture: Picture) -> Picture:
    """Return a small dark copy of a picture, of the same shape."""
    from PIL import Image

    size = size_within(picture.width, picture.height, _SMALL)
    return to_picture(to_image(picture).resize(size, Image.Resampling.BOX).point(lambda value: value * _DARKNESS))
