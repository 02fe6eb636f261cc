"""Pictures by kitty's graphics protocol, placed by Unicode placeholders (see terminal/known for who has them).

The pixels are sent once, under an image id.  The box is then filled with ordinary text, one placeholder character for
each cell: the colour of the text holds the image id (24 bits, hence true colour), and two combining characters behind
each placeholder hold the row and the column of the part of the picture that the cell shows.  So a new picture in the
same box sends pixels and no text, the terminal removes a picture when the text is overwritten, and tmux, which knows
nothing of pictures, moves one with its text.

Source: https://sw.kovidgoyal.net/kitty/graphics-protocol/#unicode-placeholders
"""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from typing import Final

from PIL import Image
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.graphics.frame import Frame, Quality
from tui.graphics.geometry import Area, Box, centred, fit
from tui.graphics.protocols.diacritics import DIACRITICS
from tui.graphics.protocols.palette import reduce
from tui.graphics.terminal import tmux

MAX_CELLS: Final = len(DIACRITICS)
"""The columns, or rows, that placeholders can number."""

_PLACEHOLDER: Final = "\U0010eeee"
_PAYLOAD: Final = 4096  # base64 characters in one sequence, the limit of the protocol
_COLOURS: Final[dict[Quality, int]] = {"preview": 48, "full": 256}  # "best" keeps them all
_PREVIEW_PIXELS: Final = 64  # what a preview is reduced to, so that it is smooth when it is enlarged
_ENLARGED_PIXELS: Final = 256
"""How far a picture is enlarged when bytes count: kitty itself enlarges without smoothing, into squares."""


def encode(image: Image.Image, box: Box, quality: Quality) -> Frame:
    """Encode a picture as a PNG file in base64.

    Args:
        image: The picture, mode RGB.
        box: The room for it.
        quality: "preview" is blurred and has few colours; "best" has all of them, and as many pixels as it covers.

    Returns:
        The frame.  The terminal scales the picture to the cells of its area, which are no more than it needs, and
        centres it there.
    """
    asked, box = box, replace(box, columns=min(box.columns, MAX_CELLS), rows=min(box.rows, MAX_CELLS))
    fitted = fit(image.width, image.height, box)
    if quality == "preview":
        image = image.resize(_limited(fitted, min(_PREVIEW_PIXELS, max(image.size))), Image.Resampling.BOX)
    if max(fitted) > max(image.size):
        side = max(fitted) if quality == "best" else max(_ENLARGED_PIXELS, *image.size)
        image = image.resize(_limited(fitted, side), Image.Resampling.BICUBIC)
    else:
        image = image.resize(fitted, Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    (image if quality == "best" else reduce(image, _COLOURS[quality])).save(buffer, "png", compress_level=6)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return Frame(box=asked, area=centred(*fitted, box), data=data, size=len(data))


def _limited(size: tuple[int, int], side: int) -> tuple[int, int]:
    """Return a size of the same shape whose longer side is no longer than `side`."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def transmit(frame: Frame, image_id: int, *, in_tmux: bool) -> str:
    """Return the sequences that send the pixels and make the virtual placement that placeholders refer to.

    The picture goes in pieces, since a sequence holds 4096 characters; m=1 says that more follow.  q=2 tells the
    terminal not to answer: its answers would arrive as keys.

    Args:
        frame: The encoded picture.
        image_id: 1 to 2**24 - 1.
        in_tmux: Wrap every sequence for tmux.
    """
    pieces = [frame.data[start : start + _PAYLOAD] for start in range(0, len(frame.data), _PAYLOAD)]
    first = f"a=t,f=100,q=2,i={image_id},"
    sequences = [
        f"\x1b_G{first if number == 0 else 'q=2,'}m={int(number < len(pieces) - 1)};{piece}\x1b\\"
        for number, piece in enumerate(pieces)
    ]
    sequences.append(f"\x1b_Ga=p,U=1,q=2,i={image_id},c={frame.area.columns},r={frame.area.rows}\x1b\\")
    return "".join(tmux.wrap(sequence) if in_tmux else sequence for sequence in sequences)


def delete(image_id: int, *, in_tmux: bool) -> str:
    """Return the sequence that removes an image from the memory of the terminal."""
    sequence = f"\x1b_Ga=d,d=I,q=2,i={image_id}\x1b\\"
    return tmux.wrap(sequence) if in_tmux else sequence


def placeholders(area: Area, row: int, image_id: int) -> Strip:
    """Return the text of one row of a picture.

    Args:
        area: The cells that the picture covers.
        row: From 0, counted in `area`.
        image_id: 1 to 2**24 - 1.
    """
    colour = Color.from_rgb(image_id >> 16 & 255, image_id >> 8 & 255, image_id & 255)
    text = "".join(_PLACEHOLDER + DIACRITICS[row] + DIACRITICS[column] for column in range(area.columns))
    return Strip([Segment(text, Style(color=colour))], area.columns)
