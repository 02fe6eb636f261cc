"""Pictures as sixels, at most 256 colours.

A sixel picture is a list of bands, six pixel rows each.  A character draws one column of a band in the current colour;
the low six bits of its code (minus 63) say which of the six pixels are drawn, and `!12~` repeats it.  `$` goes back to
the start of the band, for the next colour; `-` goes to the next band.  A naive encoder goes over every band once for
each of its colours.  Three rules save passes and bytes (see `_band`, `_pieces`, `_pack`):

- the most frequent colour of a band is drawn over its whole width first, as one run, and the others over it;
- a colour's short gaps stay inside its runs, since leaving and entering a colour costs more;
- stretches of different colours that do not overlap share one pass over the band.

This is an encoder of our own because textual-image before 0.14 takes the definition of a colour for its selection,
which xterm and WezTerm do not: they drew whole lines in a wrong colour.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from tui.graphics.frame import Frame, Quality
from tui.graphics.geometry import Box, centred, fit
from tui.graphics.protocols.palette import reduce

REGISTERS: Final = 256
"""The colours that most terminals have."""

_COLOURS: Final[dict[Quality, int]] = {"preview": 32, "full": 192, "best": 256}
_PREVIEW_PIXELS: Final = 64
_BAND: Final = 6
_SOLID: Final = 63
_CHARACTERS: Final = [chr(63 + bits) for bits in range(64)]
_GAP: Final = 8  # columns; a new piece costs about so many characters

_Pixels: TypeAlias = npt.NDArray[np.uint8]
_Piece: TypeAlias = tuple[int, int, str]  # first column, end, text


def encode(image: Image.Image, box: Box, quality: Quality, *, registers: int = REGISTERS) -> Frame:
    """Encode a picture as one sixel sequence.

    Args:
        image: The picture, mode RGB.  It is scaled up or down: a terminal draws sixels pixel for pixel.
        box: The room for it.
        quality: "preview" has fewer colours, and is blurred, which makes long runs; "best" is dithered.
        registers: The colours that the terminal has.

    Returns:
        The frame.  Its height is a multiple of six pixels, so that it cannot touch the cells below the box.
    """
    width, height = fit(image.width, image.height, box)
    height = max(_BAND, height // _BAND * _BAND)
    colours = max(2, min(_COLOURS[quality], registers))
    scaled = _scaled(image, (width, height), quality)
    data = to_sixels(reduce(scaled, colours, dither=quality == "best" or colours < _COLOURS["preview"]))
    return Frame(box=box, area=centred(width, height, box), data=data, size=len(data))


def to_sixels(image: Image.Image) -> str:
    """Return the whole sequence for an image of mode P whose height is a multiple of six.

    Colour registers are numbered from 0 without gaps, in percent of full intensity, as the format has it.
    """
    indices = np.asarray(image)
    used, compact = np.unique(indices, return_inverse=True)
    bands = compact.astype(np.uint8).reshape(-1, _BAND, image.width)
    palette = image.getpalette() or []
    colours = (palette[3 * int(index) : 3 * int(index) + 3] for index in used)
    registers = "".join(
        f"#{number};2;{';'.join(str(round(value * 100 / 255)) for value in colour)}"
        for number, colour in enumerate(colours)
    )
    body = "-".join(_band(band) for band in bands)
    return f'\x1bP0;1;0q"1;1;{image.width};{image.height}{registers}{body}\x1b\\'


def _scaled(image: Image.Image, size: tuple[int, int], quality: Quality) -> Image.Image:
    """Return the image at a size; a preview is first made small, so that it is smooth when it is large again."""
    scale = min(1.0, _PREVIEW_PIXELS / max(size)) if quality == "preview" else 1.0
    small = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
    if small < image.size:
        image = image.resize(small, Image.Resampling.BOX if quality == "preview" else Image.Resampling.LANCZOS)
    return image.resize(size, Image.Resampling.BICUBIC)


def _band(band: _Pixels) -> str:
    """Return a band: its most frequent colour over the whole width, then the pieces of the others in lines."""
    counts = np.bincount(band.ravel())
    first = int(counts.argmax())
    counts[first] = 0
    colours = np.flatnonzero(counts)
    lines = [f"#{first}{_run(_SOLID, band.shape[1])}"]
    if colours.size:
        lines += _pack(_pieces(_bits(band, colours, first), colours.tolist()))
    return "$".join(lines)


def _bits(band: _Pixels, colours: npt.NDArray[np.intp], skipped: int) -> _Pixels:
    """Return an array (colours, width) of sixels: which of the six pixels of a column have the colour."""
    row_of = np.zeros(256, dtype=np.intp)
    row_of[colours] = np.arange(len(colours))
    bits = np.zeros((len(colours), band.shape[1]), dtype=np.uint8)
    for pixels, bit in zip(band, (1, 2, 4, 8, 16, 32), strict=True):
        columns = np.flatnonzero(pixels != skipped)
        bits[row_of[pixels[columns]], columns] |= bit
    return bits


def _pieces(bits: _Pixels, colours: list[int]) -> list[_Piece]:
    """Return the drawn stretches of each colour; a gap shorter than _GAP columns stays inside a piece."""
    starts = np.ones(bits.shape, dtype=bool)
    np.not_equal(bits[:, 1:], bits[:, :-1], out=starts[:, 1:])
    rows, columns = np.nonzero(starts)
    ends = np.append(columns[1:], 0)
    ends[ends == 0] = bits.shape[1]  # a run ends where the next one begins, or at the end of its row
    values = bits[rows, columns]
    drawn = values != 0
    pieces: list[_Piece] = []
    piece_row = piece_end = -1
    for row, start, end, value in zip(
        rows[drawn].tolist(), columns[drawn].tolist(), ends[drawn].tolist(), values[drawn].tolist(), strict=True
    ):
        if row != piece_row or start - piece_end >= _GAP:
            pieces.append((start, end, f"#{colours[row]}{_run(value, end - start)}"))
        else:
            begin, _, text = pieces[-1]
            pieces[-1] = (begin, end, text + _run(0, start - piece_end) + _run(value, end - start))
        piece_row, piece_end = row, end
    return pieces


def _pack(pieces: list[_Piece]) -> list[str]:
    """Return lines of pieces that do not overlap; each piece goes to the line with the smallest gap before it."""
    lines: list[str] = []
    line_ends: list[int] = []
    for start, end, text in sorted(pieces):
        fitting = [line_end for line_end in line_ends if line_end <= start]
        if fitting:
            line = line_ends.index(max(fitting))
            lines[line] += _run(0, start - line_ends[line]) + text
            line_ends[line] = end
        else:
            lines.append(_run(0, start) + text)
            line_ends.append(end)
    return lines


def _run(value: int, length: int) -> str:
    """Return `length` columns of one sixel, run-length encoded where that is shorter."""
    character = _CHARACTERS[value]
    return f"!{length}{character}" if length > 3 else character * length
