"""Pictures by kitty's graphics protocol, placed by Unicode placeholders (kitty 0.28, ghostty).

The image id stands in the text's colour, row and column in its diacritics; so the text of a box never changes while its
picture does, and tmux can move it about.  https://sw.kovidgoyal.net/kitty/graphics-protocol/#unicode-placeholders
"""

from __future__ import annotations

import base64
import io
from typing import Final

from PIL import Image
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.graphics.frame import Frame, Quality
from tui.graphics.geometry import Area, Box, fit
from tui.graphics.protocols.diacritics import DIACRITICS
from tui.graphics.protocols.palette import reduce
from tui.graphics.terminal import tmux

MAX_CELLS: Final = len(DIACRITICS)
"""Columns, or rows, that placeholders can count."""

_PLACEHOLDER: Final = "\U0010eeee"
_PAYLOAD: Final = 4096  # base64 bytes in one sequence, the protocol's limit
_COLOURS: Final[dict[Quality, int]] = {"full": 256, "preview": 64}
_PREVIEW_PIXELS: Final = 128


def encode(image: Image.Image, box: Box, quality: Quality) -> Frame:
    """Only ever scaled down: the terminal scales up, keeps the shape and centres."""
    width, height = fit(image.width, image.height, box)
    limit = _PREVIEW_PIXELS if quality == "preview" else max(width, height)
    scale = min(1.0, width / image.width, limit / max(image.width, image.height))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    smooth = Image.Resampling.LANCZOS if quality == "full" else Image.Resampling.BOX
    few = reduce(image.resize(size, smooth), _COLOURS[quality])
    buffer = io.BytesIO()
    few.save(buffer, "png", compress_level=6)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    area = Area(left=0, top=0, columns=min(box.columns, MAX_CELLS), rows=min(box.rows, MAX_CELLS))
    return Frame(box=box, area=area, data=data, size=len(data))


def transmit(frame: Frame, image_id: int, *, in_tmux: bool) -> str:
    """The pixels, and the virtual placement that the placeholders refer to; the terminal is to answer nothing (q=2)."""
    pieces = [frame.data[start : start + _PAYLOAD] for start in range(0, len(frame.data), _PAYLOAD)]
    first = f"a=t,f=100,q=2,i={image_id},"
    sequences = [
        f"\x1b_G{first if number == 0 else 'q=2,'}m={int(number < len(pieces) - 1)};{piece}\x1b\\"
        for number, piece in enumerate(pieces)
    ]
    sequences.append(f"\x1b_Ga=p,U=1,q=2,i={image_id},c={frame.area.columns},r={frame.area.rows}\x1b\\")
    return "".join(tmux.wrap(sequence) if in_tmux else sequence for sequence in sequences)


def delete(image_id: int, *, in_tmux: bool) -> str:
    """Take the image out of the terminal's memory."""
    sequence = f"\x1b_Ga=d,d=I,q=2,i={image_id}\x1b\\"
    return tmux.wrap(sequence) if in_tmux else sequence


def placeholders(area: Area, row: int, image_id: int) -> Strip:
    """The text of one row: image_id below 2**24."""
    colour = Color.from_rgb(image_id >> 16 & 255, image_id >> 8 & 255, image_id & 255)
    text = "".join(_PLACEHOLDER + DIACRITICS[row] + DIACRITICS[column] for column in range(area.columns))
    return Strip([Segment(text, Style(color=colour))], area.columns)
