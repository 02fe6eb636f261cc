"""One round of the algebra: from a state to the state of a candidate, or of a blend of several.

SPEC.md, "The algebra", is the law; the order of operations below is part of the format.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from latentpng.errors import InvalidValueError
from latentpng.noise import haar
from latentpng.noise.cache import ArrayCache
from latentpng.noise.gauss1 import gauss1, gauss1_pieces
from latentpng.record import Round, check_round
from latentpng.shapes import check_shape, spatial_shape

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Noise: TypeAlias = NDArray[np.float16]
    Doubles: TypeAlias = NDArray[np.float64]

_DRAWS = ArrayCache(
    32 * 2**20, max_arrays=64
)  # the candidates' noise and its mean: shared by all candidates of a round
_MOST_KEPT = 24 * 2**20  # bytes of one round's noise that are worth keeping


def perturb(state: Noise, round_: Round, axes: str) -> Noise:
    """The state after one more round: float16, the shape of `state`, unit variance when `state` has it.

    InvalidValueError when the round's bands or region do not fit, or when hostile noise leaves the range of float16.
    """
    check_shape(state.shape, axes)
    check_round(round_, state.shape, axes)
    if not round_.scale * max(round_.bands, default=1.0):
        return state.copy()
    parent = state.astype(np.float64)
    noise = blend(round_.seed, round_.of, round_.marks, state.size).reshape(state.shape)
    moved = _move_octaves(parent, noise, round_, axes) if round_.bands else move(parent, noise, round_.scale)
    with np.errstate(over="ignore"):
        child = moved.astype(np.float32).astype(np.float16)
    if round_.region:
        child = np.where(_moving(round_.region, state.shape, axes), child, state)
    if not np.isfinite(child).all():
        raise InvalidValueError("the noise exceeds the range of float16: its root is not noise of unit variance")
    return child


def blend(seed: int, of: int, marks: tuple[int, ...], count: int, first: int = 0) -> Doubles:
    """The noise that the marked candidates move along: N(0, 1) for every value.

    first: the stream of candidate 0.
    """
    if of == 1:
        return _draw(seed, first, count).astype(np.float64)
    mean_name = (seed, first, of, count, "mean")
    if 4 * of * count <= _MOST_KEPT:
        draws = _DRAWS.get((seed, first, of, count), lambda: _draws(seed, of, count, first))
        mean = _DRAWS.get(mean_name, lambda: _mean(draws))
        return _sum([draws[mark] for mark in marks], mean, of)
    # so many values push each other out of the cache: those that are not needed together are forgotten at once
    if len(marks) == 1:
        mean = _DRAWS.get(mean_name, lambda: _mean_of_pieces(seed, of, count, first))
        return _sum([_draw(seed, first + marks[0], count)], mean, of)
    total = np.empty(count)
    for place, draws in gauss1_pieces(seed, of, count, first):
        total[place] = _sum([draws[mark] for mark in marks], _mean(draws), of)
    return total


def _sum(marked: Sequence[NDArray[np.float32]], mean: Doubles, of: int) -> Doubles:
    """The marked candidates' noise, made zero-sum among `of`, as one noise of variance 1."""
    spread = math.sqrt(of / (of - 1))
    total: Doubles = marked[0] - mean
    total *= spread
    for draw in marked[1:]:
        total += (draw - mean) * spread
    many = len(marked)
    if many > 1:
        total /= math.sqrt(many * (1.0 - (many - 1) / (of - 1)))
    return total


def _mean(draws: NDArray[np.float32]) -> Doubles:
    total: Doubles = draws[0].astype(np.float64)
    for draw in draws[1:]:
        total += draw
    total /= len(draws)
    return total


def _mean_of_pieces(seed: int, of: int, count: int, first: int) -> Doubles:
    mean = np.empty(count)
    for place, draws in gauss1_pieces(seed, of, count, first):
        mean[place] = _mean(draws)
    return mean


def _draws(seed: int, of: int, count: int, first: int) -> NDArray[np.float32]:
    values = np.empty((of, count), np.float32)
    for place, draws in gauss1_pieces(seed, of, count, first):
        values[:, place] = draws
    return values


def _draw(seed: int, stream: int, count: int) -> NDArray[np.float32]:
    return _DRAWS.get((seed, "stream", stream, count), lambda: gauss1(seed, stream, count))


def move(parent: Doubles, noise: Doubles, scale: float) -> Doubles:
    """Overwrites both, and returns the first: the largest noise takes 16 MiB in double."""
    parent *= math.sqrt(1.0 - scale * scale)
    noise *= scale
    parent += noise
    return parent


def _move_octaves(parent: Doubles, noise: Doubles, round_: Round, axes: str) -> Doubles:
    """The same formula for each octave of detail, finest split off first, with its own scale."""
    order = (axes.index("H"), axes.index("W"))
    parent, noise = np.moveaxis(parent, order, (-2, -1)), np.moveaxis(noise, order, (-2, -1))
    details = []
    for band in reversed(round_.bands[1:]):
        parent, kept = haar.split(parent)
        noise, new = haar.split(noise)
        details.append(tuple(move(k, n, round_.scale * band) for k, n in zip(kept, new, strict=True)))
    moved = move(parent, noise, round_.scale * round_.bands[0])
    for level in reversed(details):
        moved = haar.join(moved, level)
    return np.moveaxis(moved, (-2, -1), order)


def _moving(region: str, shape: tuple[int, ...], axes: str) -> NDArray[np.bool_]:
    """Which values may move, ready to be broadcast over `shape`."""
    cells = np.array([[cell == "1" for cell in row] for row in region.split("/")], dtype=np.bool_)
    height, width = spatial_shape(shape, axes)
    rows = np.arange(height) * cells.shape[0] // height
    columns = np.arange(width) * cells.shape[1] // width
    plane: NDArray[np.bool_] = cells[rows[:, None], columns[None, :]]
    return plane.reshape([side if axis in "HW" else 1 for axis, side in zip(axes, shape, strict=True)])
