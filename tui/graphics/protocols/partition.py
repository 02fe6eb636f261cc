"""The best partition of a cell into two colours, and cells that share their colours; arrays only.

A character fills a part of its cell with one colour and the rest with another.  The squared error of a part is smallest
when its colour is the mean of the picture there, and is then the sum of squares less |sum|^2 / area.  So the best of
all characters is the one with the largest |sum|^2 / area over its two parts, and one matrix product gives every sum.

A change of colours costs about 35 bytes and a character 3: most of what a picture sends are colours.  So neighbours
in a row share a pair of colours where that adds little to the error (`shared`), and then every cell takes the character
that suits its pair best (`Sums.fill`).

Areas are shares of the cell, and colours are 0 to 255.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats: TypeAlias = npt.NDArray[np.float32]
    Indices: TypeAlias = npt.NDArray[np.intp]

_AT_ONCE: Final = 1024  # cells whose squares are in memory at once
_TINY: Final = 1e-6  # instead of dividing by an area of 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Pairs:
    """Two colours for each cell.

    Attributes:
        first: (..., 3), the colour of what the character fills.
        second: (..., 3), the colour of the rest.
        area: (...), what the character fills.
    """

    first: Floats
    second: Floats
    area: Floats


@dataclass(frozen=True, kw_only=True, slots=True)
class Sums:
    """The sums of a picture's colours over what each character would fill, for each cell.

    Attributes:
        filled: (cells, characters, 3).
        total: (cells, 3), over the whole cell.
        areas: (characters), what each fills.
    """

    filled: Floats
    total: Floats
    areas: Floats

    @classmethod
    def of(cls, parts: Floats, weights: Floats, whole: Floats) -> Sums:
        """Add up a picture.

        Args:
            parts: (cells, parts, 3), the mean colour of each part of each cell.
            weights: (characters, parts), what each part counts in what a character fills (see glyphs).
            whole: (parts), what each part counts in the whole cell.
        """
        cells, count, _ = parts.shape
        flat = parts.transpose(1, 0, 2).reshape(count, cells * 3)
        every = np.concatenate([weights, whole[None]])
        sums = np.ascontiguousarray((every @ flat).reshape(len(every), cells, 3).transpose(1, 0, 2))
        return cls(filled=sums[:, :-1], total=sums[:, -1], areas=weights.sum(axis=1))

    def best(self, flat: float = 0.0) -> Pairs:
        """Return the colours of the partition with the smallest squared error, for each cell.

        Args:
            flat: A cell whose two colours are so near its mean becomes a cell of that mean: a squared error.
        """
        chosen = np.concatenate([self._best(start) for start in range(0, len(self.total), _AT_ONCE)])
        filled = self.filled[np.arange(len(chosen)), chosen]
        area = self.areas[chosen][:, None]
        first, second = filled / area, (self.total - filled) / (1 - area)
        is_flat = (area * (1 - area))[:, 0] * np.square(first - second).sum(axis=1) <= flat
        first[is_flat] = second[is_flat] = self.total[is_flat]
        return Pairs(first=first, second=second, area=area[:, 0])

    def _best(self, start: int) -> Indices:
        filled, total = self.filled[start : start + _AT_ONCE], self.total[start : start + _AT_ONCE, None]
        score = np.square(filled).sum(axis=2) / self.areas
        score += np.square(total - filled).sum(axis=2) / (1 - self.areas)
        return np.asarray(score.argmax(axis=1), dtype=np.intp)

    def fill(self, first: Floats, second: Floats, swap_cost: Floats) -> Indices:
        """Return which character suits given colours best, for each cell.

        Args:
            first: (cells, 3).
            second: (cells, 3).
            swap_cost: (characters), the squared error that a reversed character has to save.

        Returns:
            (cells): c below the number of characters n; n + c for what c leaves; 2n + 1 for a cell of the first colour
            alone; 2n for one of the second.
        """
        # The error of the first colour less that of the second at a point x is |first|^2 - |second|^2 - 2 x (first -
        # second).  Its sum over what is filled is what has to be smallest.
        constant = np.square(first).sum(axis=1) - np.square(second).sum(axis=1)
        by_colour = 2 * (first - second)
        filled = self.areas * constant[:, None] - np.einsum("ckx,cx->ck", self.filled, by_colour)
        whole = (constant - (self.total * by_colour).sum(axis=1))[:, None]
        errors = np.concatenate([filled, whole - filled + swap_cost, np.zeros_like(whole), whole], axis=1)
        # Of equals the last one: a cell of one colour is the shortest to send.
        return np.asarray(errors.shape[1] - 1 - errors[:, ::-1].argmin(axis=1), dtype=np.intp)


def shared(pairs: Pairs, rows: int, tolerance: float) -> tuple[Floats, Floats]:
    """Return colours (cells, 3) twice, equal in every bit where neighbours in a row share them.

    Every row is walked from left to right, all rows at once: a cell joins the run before it when that adds at most
    `tolerance` to the squared error, with its colours in the one or the other order, or with its mean as a single one
    of them.  The error of a colour that joins a mean is n * m / (n + m) * |difference|^2, n and m being the areas
    (Ward's rule).

    Args:
        pairs: The best pair of each cell.
        rows: How many rows the cells have.
        tolerance: The squared error, times the area of a cell, for which a change of colours is saved.
    """
    columns = len(pairs.area) // rows
    ways = _ways(pairs, rows)
    sums, areas = np.zeros((rows, 2, 3), np.float32), np.zeros((rows, 2), np.float32)
    run, each = np.zeros((rows, columns), np.intp), np.arange(rows)
    all_sums, all_areas = np.zeros((rows, columns, 2, 3), np.float32), np.zeros((rows, columns, 2), np.float32)
    for column in range(columns):
        added_sums, added_areas, errors = (array[:, :, column] for array in ways)
        costs = _cost_of_joining((added_sums, added_areas), (sums, areas)) + errors
        way = costs.argmin(axis=0)
        joins = costs[way, each] <= tolerance if column else np.zeros(rows, dtype=bool)
        way[~joins] = 0
        run[:, column] = run[:, column - 1] + ~joins
        sums = sums * joins[:, None, None].astype(np.float32) + added_sums[way, each]
        areas = areas * joins[:, None].astype(np.float32) + added_areas[way, each]
        all_sums[each, run[:, column] - 1], all_areas[each, run[:, column] - 1] = sums, areas
    means: Floats = (all_sums / np.maximum(all_areas, _TINY)[..., None]).astype(np.float32)
    colours = means[each[:, None], run - 1]
    return colours[:, :, 0].reshape(-1, 3), colours[:, :, 1].reshape(-1, 3)


def _ways(pairs: Pairs, rows: int) -> tuple[Floats, Floats, Floats]:
    """Return how each cell can join a run: its two colours, the same swapped, its mean as the first or the second.

    Returns:
        Sums (4, rows, columns, 2, 3), areas (4, rows, columns, 2) and squared errors (4, rows, columns).
    """
    one, none = np.ones_like(pairs.area), np.zeros_like(pairs.area)
    rest = one - pairs.area
    first, second = pairs.first * pairs.area[:, None], pairs.second * rest[:, None]
    mean, nothing = first + second, np.zeros_like(first)
    sums = np.stack([(first, second), (second, first), (mean, nothing), (nothing, mean)]).transpose(0, 2, 1, 3)
    areas = np.stack([(pairs.area, rest), (rest, pairs.area), (one, none), (none, one)]).transpose(0, 2, 1)
    between = pairs.area * rest * np.square(pairs.first - pairs.second).sum(axis=1)
    errors = np.stack([none, none, between, between])
    return sums.reshape(4, rows, -1, 2, 3), areas.reshape(4, rows, -1, 2), errors.reshape(4, rows, -1)


def _cost_of_joining(added: tuple[Floats, Floats], so_far: tuple[Floats, Floats]) -> Floats:
    """Return the squared error (4, rows) that each way adds to the run so far."""
    mean = so_far[0] / np.maximum(so_far[1], _TINY)[..., None]
    colour = added[0] / np.maximum(added[1], _TINY)[..., None]
    weight = so_far[1] * added[1] / np.maximum(so_far[1] + added[1], _TINY)
    return np.asarray((weight * np.square(mean - colour).sum(axis=3)).sum(axis=2), dtype=np.float32)
