"""Pictures as text, for every terminal: each cell is one character and two colours.

Which characters there are is up to the terminal (see `glyphs`), and which of them is nearest to the picture is up to
`partition`.  Without 16 million colours, `dithered` chooses both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageFilter
from rich.color import Color, ColorType
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.graphics.frame import Frame, Quality
from tui.graphics.geometry import Area, Box, whole_cells
from tui.graphics.terminal.known import Blocks

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from tui.graphics.protocols.glyphs import Glyphs

EMPTY: Final = " "
FULL: Final = "█"
_BYTES_PER_CELL: Final = 27
"""What a picture is to send at most, about as much as half-cells in a palette of 256 colours."""

_TOLERANCES: Final[dict[str, tuple[float, ...]]] = {"full": (8.0, 16.0, 32.0, 64.0), "preview": (64.0, 128.0)}
"""Squared errors for which neighbours share their colours: the first with which a picture is short enough."""

_FLAT: Final = 3.0
"""Squared error, of all channels together, that is not seen: less than 2 of 255 in each."""

_SHARPENING: Final = ImageFilter.UnsharpMask(radius=4, percent=30, threshold=0)
"""Cells average the picture, and the eye averages once more; this undoes a part of it.  Radius in points of a cell."""

_COLOUR_BYTES: Final = 16  # 38;2;r;g;b with a separator
_COLOUR_BYTES_OF_256: Final = 9  # 38;5;n with a separator
_ENDS_BYTES: Final = 6  # ESC[ m around the colours of a run, and ESC[0m after it, less a separator


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """Characters with colours, row after row.

    Attributes:
        characters: One for each cell.
        foreground: (cells), the number of the colour; not looked at where the character is EMPTY.
        background: (cells), the number of the colour; not looked at where the character is FULL.
    """

    characters: list[str]
    foreground: npt.NDArray[np.int64]
    background: npt.NDArray[np.int64]


def encode(image: Image.Image, box: Box, quality: Quality, *, blocks: Blocks = "quadrant") -> Frame:
    """Encode a picture as lines of text in 16 million colours.

    Args:
        image: The picture, mode RGB.
        box: The room for it.
        quality: "preview" shares more colours between neighbours; there is nothing better than "full".
        blocks: The finest characters that the terminal shows.
    """
    import numpy as np

    from tui.graphics.protocols.glyphs import glyphs, whole
    from tui.graphics.protocols.partition import Sums, shared

    area = whole_cells(image.width, image.height, box)
    known = glyphs(blocks)
    sums = Sums.of(parts(image, area), known.weights, whole())
    pairs, lacks = sums.best(_FLAT), np.array([not reverse for reverse in known.reverses], dtype=np.float32)
    for tolerance in _TOLERANCES["preview" if quality == "preview" else "full"]:
        first, second = shared(pairs, area.rows, tolerance)
        first, second = (np.clip(np.rint(colours), 0, 255).astype(np.float32) for colours in (first, second))
        text = written(known, sums.fill(first, second, lacks * tolerance), packed(first), packed(second))
        strips, size = in_runs(text, area.columns, _truecolor, _COLOUR_BYTES)
        if size <= _BYTES_PER_CELL * area.columns * area.rows:
            break
    return Frame(box=box, area=area, strips=strips, size=size)


def encode_in_256(image: Image.Image, box: Box, quality: Quality, *, blocks: Blocks = "quadrant") -> Frame:
    """Encode a picture as lines of text in the 256 colours of every terminal, dithered; arguments as for `encode`."""
    import numpy as np

    from tui.graphics.protocols.dithered import dithered
    from tui.graphics.protocols.glyphs import glyphs, halves, in_halves, whole
    from tui.graphics.protocols.partition import Sums

    area = whole_cells(image.width, image.height, box)
    is_quick = quality == "preview" and blocks != "halfcell"
    known = glyphs("quadrant" if is_quick else blocks)
    cells = parts(image, area)
    found = dithered(
        Sums.of(cells, known.weights, whole()), np.matmul(halves(), cells), in_halves(known.weights), area.rows
    )
    text = written(known, found.chosen, found.first, found.second)
    strips, size = in_runs(text, area.columns, _of_256, _COLOUR_BYTES_OF_256)
    return Frame(box=box, area=area, strips=strips, size=size)


def parts(image: Image.Image, area: Area) -> npt.NDArray[np.float32]:
    """Return the mean colour of each part of each cell (see `glyphs.PARTS`): (cells, parts, 3), row after row."""
    import numpy as np

    from tui.graphics.protocols.glyphs import LINES, STRIPES

    points = image.resize((area.columns * STRIPES, area.rows * LINES), Image.Resampling.BICUBIC).filter(_SHARPENING)
    halves = np.asarray(points.reduce((STRIPES // 2, 1)), dtype=np.float32)
    stripes = np.asarray(points.reduce((1, LINES)), dtype=np.float32)
    halves = halves.reshape(area.rows, LINES, area.columns, 2, 3).transpose(0, 2, 1, 3, 4)
    return np.concatenate(
        [halves.reshape(-1, 2 * LINES, 3), stripes.reshape(area.rows * area.columns, STRIPES, 3)], axis=1
    )


def written(
    known: Glyphs, chosen: npt.NDArray[np.intp], first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]
) -> Text:
    """Return the characters that `Sums.fill` chose; one that has no reverse is written with its colours swapped."""
    import numpy as np

    by_number = [*known.characters, *(reverse or mine for mine, reverse in _both(known)), EMPTY, FULL]
    count = len(known.characters)
    lacks = np.array([not reverse for reverse in known.reverses])
    swapped = (chosen >= count) & (chosen < 2 * count) & lacks[chosen % count]
    return Text(
        characters=[by_number[number] for number in chosen.tolist()],
        foreground=np.where(swapped, second, first),
        background=np.where(swapped, first, second),
    )


def in_runs(
    text: Text, columns: int, colour: Callable[[int], Color], colour_bytes: int
) -> tuple[tuple[Strip, ...], int]:
    """Return a line for each row, in which cells of equal colours share one sequence, and the bytes they send.

    Args:
        text: The cells.
        columns: In a row.
        colour: Returns a colour by its number.
        colour_bytes: What setting one colour sends.
    """
    import numpy as np

    changes = (text.foreground[1:] != text.foreground[:-1]) | (text.background[1:] != text.background[:-1])
    changes[columns - 1 :: columns] = True
    starts = [0, *(np.flatnonzero(changes) + 1).tolist(), len(text.characters)]
    lines: list[list[Segment]] = [[] for _ in range(len(text.characters) // columns)]
    size = 0
    for start, end in pairwise(starts):
        run = "".join(text.characters[start:end])
        foreground, background = int(text.foreground[start]), int(text.background[start])
        if run.strip(FULL) == "":
            run, background = EMPTY * len(run), foreground
        if run.strip(EMPTY) == "":
            style = Style(bgcolor=colour(background))
            size += colour_bytes + _ENDS_BYTES
        else:
            style = Style(color=colour(foreground), bgcolor=colour(background))
            size += 2 * colour_bytes + _ENDS_BYTES
        size += len(run.encode())
        lines[start // columns].append(Segment(run, style))
    return tuple(Strip(line, columns) for line in lines), size


def packed(colours: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Return each colour (..., 3) as one number."""
    import numpy as np

    red, green, blue = np.moveaxis(colours.astype(np.int64), -1, 0)
    return np.asarray(red << 16 | green << 8 | blue, dtype=np.int64)


def _truecolor(number: int) -> Color:
    return Color.from_rgb(number >> 16, number >> 8 & 255, number & 255)


@cache
def _of_256(number: int) -> Color:
    """Return a colour of palette256 that Rich sends unchanged: with its number and, for Textual's filters, a value."""
    from tui.graphics.protocols.palette256 import FIRST, colours

    red, green, blue = colours()[number].astype(int).tolist()
    return Color(f"color({FIRST + number})", ColorType.EIGHT_BIT, FIRST + number, ColorTriplet(red, green, blue))


def _both(known: Glyphs) -> Iterator[tuple[str, str]]:
    return zip(known.characters, known.reverses, strict=True)
