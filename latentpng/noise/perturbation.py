"""One round of the algebra: the step from a state to the state of a candidate, or of a blend of candidates.

SPEC.md, section 6, is the law, and the order of the operations below is part of the format.
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

_DRAWS = ArrayCache(96 * 2**20, max_arrays=64)  # draws and their mean, which all candidates of a round share
_VALUES_AT_ONCE = 2**18  # whose octaves are in memory
_MAX_CACHED = 24 * 2**20  # bytes: the draws of a round that are larger would evict each other


def perturb(state: Noise, round_: Round, axes: str) -> Noise:
    """Return the state after one more round.

    Args:
        state: float16, 1 to 4 axes.
        round_: The round.
        axes: One letter per axis; H and W are the spatial ones.

    Returns:
        float16, the shape of `state`; unit variance if `state` has it.

    Raises:
        InvalidValueError: If the bands or the region of the round do not fit, or a value exceeds the range of float16.
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
    """Return the noise that the state moves along: the blend of the marked candidates.

    Args:
        seed: The seed of the round.
        of: The number of candidates, K.
        marks: The indices of the marked candidates, in order.
        count: How many values.
        first: The stream of candidate 0.

    Returns:
        (count,), float64, zero mean, unit variance.
    """
    if of == 1:
        return _draw(seed, first, count).astype(np.float64)
    mean_key = (seed, first, of, count, "mean")
    if 4 * of * count <= _MAX_CACHED:
        draws = _DRAWS.get((seed, first, of, count), lambda: _draws(seed, of, count, first))
        mean = _DRAWS.get(mean_key, lambda: _mean(draws))
        return _sum([draws[mark] for mark in marks], mean, of)
    # The draws of all candidates do not fit into the cache here.  A single mark needs only their mean and one draw, and
    # several marks are blended piece by piece, so that never more than a piece of all draws is in memory.
    if len(marks) == 1:
        mean = _DRAWS.get(mean_key, lambda: _mean_of_pieces(seed, of, count, first))
        return _sum([_draw(seed, first + marks[0], count)], mean, of)
    total = np.empty(count)
    for columns, draws in gauss1_pieces(seed, of, count, first):
        total[columns] = _sum([draws[mark] for mark in marks], _mean(draws), of)
    return total


def _sum(marked: Sequence[NDArray[np.float32]], mean: Doubles, of: int) -> Doubles:
    """Return the sum of the marked draws, made zero-sum among all K and scaled to unit variance."""
    # e_i = (draw_i - mean) * sqrt(K / (K - 1)): subtracting the mean makes the candidates sum to zero, so a grid of
    # them spreads further, and leaves each a variance of (K - 1) / K, which the factor restores.  Two candidates then
    # have the covariance -1 / (K - 1), so a sum of m of them has the variance m (1 - (m - 1) / (K - 1)).
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
    for columns, draws in gauss1_pieces(seed, of, count, first):
        mean[columns] = _mean(draws)
    return mean


def _draws(seed: int, of: int, count: int, first: int) -> NDArray[np.float32]:
    values = np.empty((of, count), np.float32)
    for columns, draws in gauss1_pieces(seed, of, count, first):
        values[:, columns] = draws
    return values


def _draw(seed: int, stream: int, count: int) -> NDArray[np.float32]:
    return _DRAWS.get((seed, "stream", stream, count), lambda: gauss1(seed, stream, count))


def move(parent: Doubles, noise: Doubles, scale: float) -> Doubles:
    """Return sqrt(1 - scale^2) * parent + scale * noise; both arrays are overwritten, for the sake of memory.

    Args:
        parent: float64, any shape.
        noise: float64, the same shape.
        scale: 0 to 1.
    """
    # The squares of the two factors add up to 1, as on a circle, so independent noise of unit variance keeps its
    # variance for any number of rounds.  Adding noise, or interpolating linearly, would let it grow or shrink.
    parent *= math.sqrt(1.0 - scale * scale)
    noise *= scale
    parent += noise
    return parent


def _move_octaves(parent: Doubles, noise: Doubles, round_: Round, axes: str) -> Doubles:
    """Return what `move` gives with a scale of its own for each octave; both arrays are overwritten."""
    # Planes do not depend on each other, and the octaves of a plane take several times its memory.  So only some are
    # taken apart at once.
    order = (axes.index("H"), axes.index("W"))
    planes, drawn = np.moveaxis(parent, order, (-2, -1)), np.moveaxis(noise, order, (-2, -1))
    if planes.ndim == len(order):
        return _moved_planes(planes, drawn, round_)
    step = max(1, _VALUES_AT_ONCE * len(planes) // planes.size)
    for start in range(0, len(planes), step):
        some = slice(start, start + step)
        planes[some] = _moved_planes(planes[some], drawn[some], round_)
    return parent


def _moved_planes(parent: Doubles, noise: Doubles, round_: Round) -> Doubles:
    """Return moved planes, (..., H, W); the finest octave is split off first."""
    details = []
    for band in reversed(round_.bands[1:]):
        parent, parent_details = haar.split(parent)
        noise, noise_details = haar.split(noise)
        pairs = zip(parent_details, noise_details, strict=True)
        details.append(tuple(move(old, new, round_.scale * band) for old, new in pairs))
    moved = move(parent, noise, round_.scale * round_.bands[0])
    for level in reversed(details):
        moved = haar.join(moved, level)
    return moved


def _moving(region: str, shape: tuple[int, ...], axes: str) -> NDArray[np.bool_]:
    """Return which values may move, as a mask that broadcasts over `shape`."""
    cells = np.array([[cell == "1" for cell in row] for row in region.split("/")], dtype=np.bool_)
    height, width = spatial_shape(shape, axes)
    rows = np.arange(height) * cells.shape[0] // height
    columns = np.arange(width) * cells.shape[1] // width
    plane: NDArray[np.bool_] = cells[rows[:, None], columns[None, :]]
    return plane.reshape([side if axis in "HW" else 1 for axis, side in zip(axes, shape, strict=True)])
