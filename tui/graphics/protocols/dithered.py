"""Plain cells in the 256 colours of a terminal without true colour, dithered.

Each cell has two of the colours and a character, and what it cannot show is left to its neighbours (error diffusion,
with the weights of Floyd and Steinberg, from cell to cell).  Within a cell the character itself dithers: where no
single colour is near, a chequered or striped character mixes two that lie on both sides of what is wanted.  So for each
cell a few pairs of colours are tried with every character, and the best has the smallest

    squared error at its points  +  _HALVES * those of the means of its four halves  +  _MEAN * that of its mean.

The halves (left, right, upper, lower) favour chequered characters over bars, which the eye sees from farther away.

Cells of which none gets errors of another are worked on at once: those with the same column + 2 * row.

Source: Floyd, Steinberg: An adaptive algorithm for spatial greyscale (1976).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from tui.graphics.protocols.palette256 import colours, nearest

if TYPE_CHECKING:
    from tui.graphics.protocols.partition import Floats, Indices, Sums

    Pair: TypeAlias = tuple[Indices, Indices]

_HALVES: Final = 1.0
_MEAN: Final = 2.0
_SAME: Final = 100.0
"""What a pair may be worse than the best if the cell to the left has it, since repeating it sends no colours."""

_LIMIT: Final = 48.0  # of an error that is passed on: where no colour is near, errors would grow without end
_SPREAD: Final = ((0, 1, 7 / 16), (1, -1, 3 / 16), (1, 0, 5 / 16), (1, 1, 1 / 16))  # row, column, share


@dataclass(frozen=True, kw_only=True, slots=True)
class Dithered:
    """Characters and colours, for each cell.

    Attributes:
        chosen: (cells), which character, numbered as by `Sums.fill`.
        first: (cells), a number of `palette256.colours`.
        second: (cells).
    """

    chosen: Indices
    first: Indices
    second: Indices


def dithered(sums: Sums, halves: Floats, weights: Floats, rows: int) -> Dithered:
    """Return the cells of a picture in 256 colours.

    Args:
        sums: The picture.
        halves: (cells, 4, 3), the means of the halves of each cell: left, right, upper, lower.
        weights: (characters, 4), the share of each half that each character fills.
        rows: How many rows the cells have.
    """
    columns = len(sums.total) // rows
    filled, total = _with_reverses(sums, rows, columns)
    areas: Floats = np.concatenate([sums.areas, 1 - sums.areas, np.array([0, 1], np.float32)])
    in_halves = np.concatenate([weights, 1 - weights, np.zeros((1, 4), np.float32), np.ones((1, 4), np.float32)])
    halves = halves.reshape(rows, columns, 4, 3)
    errors = np.zeros((rows + 1, columns + 2, 3), np.float32)  # a border takes what leaves the picture
    result = np.zeros((3, rows, columns), dtype=np.intp)
    for step in range(columns + 2 * rows - 2):
        row = np.arange(max(0, -((columns - 1 - step) // 2)), min(rows - 1, step // 2) + 1)
        if not row.size:  # in a picture of one column, every second step has no cell
            continue
        column = step - 2 * row
        wanted: Floats = errors[row, column + 1].clip(-_LIMIT, _LIMIT)
        mine = total[row, column] + wanted
        cell = _Cell(
            filled=np.asarray(filled[row, column] + areas[:, None] * wanted[:, None], dtype=np.float32),
            total=mine,
            halves=halves[row, column] + wanted[:, None],
            areas=areas,
            in_halves=in_halves,
        )
        left = result[1:, row, np.maximum(column - 1, 0)]
        chosen, first, second, drawn = cell.chosen(left)
        result[:, row, column] = chosen, first, second
        for down, right, share in _SPREAD:
            errors[row + down, column + 1 + right] += share * (mine - drawn)
    chosen, first, second = result.reshape(3, -1)
    return Dithered(chosen=chosen, first=first, second=second)


def _with_reverses(sums: Sums, rows: int, columns: int) -> tuple[Floats, Floats]:
    """Return the sums in the order of `Sums.fill`, by row and column."""
    total = sums.total[:, None]
    every = np.concatenate([sums.filled, total - sums.filled, np.zeros_like(total), total], axis=1)
    return every.reshape(rows, columns, -1, 3), sums.total.reshape(rows, columns, 3)


class _Cell:
    """Some cells, by what is wanted of them."""

    def __init__(self, *, filled: Floats, total: Floats, halves: Floats, areas: Floats, in_halves: Floats) -> None:
        self._filled, self._total, self._halves, self._areas, self._in_halves = filled, total, halves, areas, in_halves
        self._palette = colours()

    def chosen(self, left: Indices) -> tuple[Indices, Indices, Indices, Floats]:
        """Return the best character, its two colours, and the mean colour that is then drawn.

        Args:
            left: (2, cells), the colours of the cells to the left.
        """
        pairs = self._pairs(left)
        first, second = self._palette[pairs[:, 0]], self._palette[pairs[:, 1]]  # (pairs, cells, 3)
        costs = self._costs(first, second)
        costs[-1] -= _SAME
        pair, character = np.divmod(costs.transpose(1, 0, 2).reshape(costs.shape[1], -1).argmin(axis=1), costs.shape[2])
        each = np.arange(len(pair))
        area = self._areas[character][:, None]
        drawn = area * first[pair, each] + (1 - area) * second[pair, each]
        return character, pairs[pair, 0, each], pairs[pair, 1, each], drawn

    def _pairs(self, left: Indices) -> Indices:
        """Return the pairs to try, (pairs, 2, cells): of the best partition; around the mean; that of the left cell."""
        half = (len(self._areas) - 2) // 2
        filled, areas = self._filled[:, :half], self._areas[:half]
        rest = self._total[:, None] - filled
        score = np.square(filled).sum(axis=2) / areas + np.square(rest).sum(axis=2) / (1 - areas)
        best, each = score.argmax(axis=1), np.arange(len(filled))
        area = areas[best][:, None]
        near = nearest(self._total)
        beyond = self._total - self._palette[near]
        split = np.stack([nearest(filled[each, best] / area), nearest(rest[each, best] / (1 - area))])
        mixes = [np.stack([near, nearest(self._total + times * beyond)]) for times in (1, 2, 3)]
        return np.stack([split, *mixes, left])

    def _costs(self, first: Floats, second: Floats) -> Floats:
        """Return the cost (pairs, cells, characters) of each pair with each character."""
        rest = self._total[:, None] - self._filled
        areas = self._areas
        point = areas * np.square(first).sum(axis=2)[..., None] + (1 - areas) * np.square(second).sum(axis=2)[..., None]
        point = point - 2 * np.einsum("kcx,pkx->pkc", self._filled, first) - 2 * np.einsum("kcx,pkx->pkc", rest, second)
        by_mean = _squares(self._total[:, None], areas[:, None], first, second)
        by_half = _squares(self._halves[:, None], self._in_halves[..., None], first, second)
        return np.asarray(point + _MEAN * by_mean + _HALVES * by_half, dtype=np.float32)


def _squares(wanted: Floats, filled: Floats, first: Floats, second: Floats) -> Floats:
    """Return squared errors (pairs, cells, characters) of means.

    Args:
        wanted: (cells, 1, ..., 3), the means.
        filled: (characters, ..., 1), the share of the first colour in each.
        first: (pairs, cells, 3).
        second: (pairs, cells, 3).
    """
    shape = (*first.shape[:2], *(1,) * (wanted.ndim - 2), 3)
    first, second = first.reshape(shape), second.reshape(shape)
    drawn = second + filled * (first - second)
    errors = np.square(wanted - drawn)
    return np.asarray(errors.sum(axis=tuple(range(3, errors.ndim))), dtype=np.float32)
