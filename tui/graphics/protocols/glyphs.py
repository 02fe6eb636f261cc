"""The characters of which plain cells are made, and which part of a cell each of them fills.

Each set holds those below it, since every terminal that shows its finest characters shows the others too.  The eighth
blocks (a bar at the bottom or at the left) are in every font, and an edge that they follow exactly is worth more than
the finer grid of sextants: quadrants with them come nearer to a picture than sextants without (see
tests/benchmarks/terminal_cells.py).

A character and its reverse, with the two colours swapped, are one partition of the cell; a set lists one of both.

What a character fills is a sum over a few parts of the cell (see `PARTS`), so that the colour of what it fills is a
sum over the same parts of a picture.

Sources: Unicode 16.0, blocks 2580 (Block Elements), 1FB00 (Symbols for Legacy Computing) and 1CC00 (its Supplement).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from tui.graphics.terminal.known import Blocks

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats: TypeAlias = npt.NDArray[np.float32]

LINES: Final = 24
"""Lines of a cell: halves, thirds, quarters and eighths are whole numbers of them."""

STRIPES: Final = 8
PARTS: Final = 2 * LINES + STRIPES
"""The parts of a cell, of a picture or of what a character fills: first the left and the right half of each of its
lines from top to bottom, then its vertical stripes from left to right, of which only the left eighths are made."""

_LOWER_EIGHTHS: Final = "▁▂▃▄▅▆▇"
_LEFT_EIGHTHS: Final = "▏▎▍▌▋▊▉"
_QUADRANTS: Final = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"  # by bits: upper left, upper right, lower left, lower right
_SEXTANTS: Final = 0x1FB00
_OCTANTS: Final = 0x1CD00
# Octants that Unicode has elsewhere and are no quadrants: by bits, from the upper left one to the lower right one.
_OTHER_OCTANTS: Final = {
    0b00000001: "\U0001cea8",
    0b00000010: "\U0001ceab",
    0b01000000: "\U0001cea3",
    0b10000000: "\U0001cea0",
    0b00000011: "\U0001fb82",
    0b00111111: "\U0001fb85",
    0b11000000: "▂",
    0b11111100: "▆",
    0b00010100: "\U0001fbe6",
    0b00101000: "\U0001fbe7",
}
_RARE: Final = frozenset(bits for bits, character in _OTHER_OCTANTS.items() if character > "\U0001f000")
"""Those that a terminal may not draw itself although it draws the block of octants."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Glyphs:
    """Characters and what they fill.

    Attributes:
        characters: The characters.
        reverses: For each, the character that fills what it leaves; "" where no font that has it is sure to have one.
        weights: (characters, PARTS), float32: what each part of the cell counts in what a character fills.  The part
            of a picture that it fills is the sum of the weights times the means of the picture's parts.
    """

    characters: tuple[str, ...]
    reverses: tuple[str, ...]
    weights: Floats


@cache
def whole() -> Floats:
    """Return the weights (PARTS) of the whole cell."""
    return _weights(halves=np.ones((LINES, 2), dtype=np.float32))


@cache
def halves() -> Floats:
    """Return the weights (4, PARTS) of the left, right, upper and lower half of the cell; each row sums to 1."""
    lines = np.zeros((4, LINES, 2), dtype=np.float32)
    lines[0, :, 0] = lines[1, :, 1] = lines[2, : LINES // 2] = lines[3, LINES // 2 :] = 2
    return np.stack([_weights(halves=half) for half in lines])


def in_halves(weights: Floats) -> Floats:
    """Return the share of each of the four halves that each character fills: (characters, 4)."""
    cells = np.stack([_cell(each) for each in weights])
    middle = STRIPES // 2, LINES // 2
    parts = cells[:, :, : middle[0]], cells[:, :, middle[0] :], cells[:, : middle[1]], cells[:, middle[1] :]
    return np.stack([part.mean(axis=(1, 2)) for part in parts], axis=1)


@cache
def glyphs(blocks: Blocks) -> Glyphs:
    """Return the characters for cells, without those that fill nothing or everything."""
    found: dict[bytes, tuple[str, Floats]] = {}
    reverses: dict[str, str] = {}
    for character, weights in _listed(blocks):
        filled = _cell(weights)
        if (known := found.get(_as_bytes(1 - filled))) is not None:
            reverses.setdefault(known[0], character)
        else:
            found.setdefault(_as_bytes(filled), (character, weights))
    characters = tuple(character for character, _ in found.values())
    return Glyphs(
        characters=characters,
        reverses=tuple(reverses.get(character, "") for character in characters),
        weights=np.stack([weights for _, weights in found.values()]),
    )


def sextant(bits: int) -> str:
    """Return the character of a sextant by bits, from the upper left one to the lower right one; not 0 or 63."""
    if bits in (0b010101, 0b101010):
        return "▌" if bits == 0b010101 else "▐"
    return chr(_SEXTANTS + bits - 1 - (bits > 0b010101) - (bits > 0b101010))


@cache
def octants() -> tuple[str, ...]:
    """Return the characters of all 256 octants by bits; the block lists those that Unicode does not have elsewhere."""
    found, code = [], _OCTANTS
    for bits in range(256):
        pairs = [bits >> 2 * row & 3 for row in range(4)]
        if pairs[0] == pairs[1] and pairs[2] == pairs[3]:
            found.append(_QUADRANTS[pairs[0] | pairs[2] << 2])
        elif bits in _OTHER_OCTANTS:
            found.append(_OTHER_OCTANTS[bits])
        else:
            found.append(chr(code))
            code += 1
    return tuple(found)


def _listed(blocks: Blocks) -> Iterator[tuple[str, Floats]]:
    yield "▀", _mosaic(0b0011, rows=2)
    if blocks == "halfcell":
        return
    for eighths in range(1, 8):
        bar = np.zeros((LINES, 2), dtype=np.float32)
        bar[LINES - eighths * LINES // 8 :] = 1
        yield _LOWER_EIGHTHS[eighths - 1], _weights(halves=bar)
        stripes = np.zeros(STRIPES, dtype=np.float32)
        stripes[: eighths * STRIPES // 8] = 1
        yield _LEFT_EIGHTHS[eighths - 1], _weights(stripes=stripes)
    for bits in range(1, 15):
        yield _QUADRANTS[bits], _mosaic(bits, rows=2)
    if blocks in ("sextant", "octant"):
        for bits in range(1, 63):
            yield sextant(bits), _mosaic(bits, rows=3)
    if blocks == "octant":
        for bits in range(1, 255):
            if bits not in _RARE:  # the reverse of each of these is an octant or an eighth
                yield octants()[bits], _mosaic(bits, rows=4)


def _mosaic(bits: int, *, rows: int) -> Floats:
    """Return the weights of a mosaic of 2 x `rows` equal tiles, of which bits say which are filled."""
    tiles = np.array([bits >> tile & 1 for tile in range(2 * rows)], dtype=np.float32).reshape(rows, 2)
    return _weights(halves=tiles.repeat(LINES // rows, axis=0))


def _weights(halves: Floats | None = None, stripes: Floats | None = None) -> Floats:
    """Return weights that sum to the share of the cell that is filled."""
    found = np.zeros(PARTS, dtype=np.float32)
    if halves is not None:
        found[: 2 * LINES] = halves.ravel() / (2 * LINES)
    if stripes is not None:
        found[2 * LINES :] = stripes / STRIPES
    return found


def _cell(weights: Floats) -> Floats:
    """Return what is filled as (LINES, STRIPES) of 0 and 1."""
    halves = weights[: 2 * LINES].reshape(LINES, 2).repeat(STRIPES // 2, axis=1)
    return np.asarray((halves + weights[2 * LINES :]) > 0, dtype=np.float32)


def _as_bytes(cell: Floats) -> bytes:
    return cell.astype(np.uint8).tobytes()
