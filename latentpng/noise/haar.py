"""The orthonormal 2-D Haar basis that `bands` refer to: octaves of detail, from layout to texture.

SPEC.md, section 6, is the law, the order of the sums included.  All values are doubles, and every shape is accepted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Doubles: TypeAlias = NDArray[np.float64]

_SQRT_HALF = 0.7071067811865476


def split(plane: Doubles) -> tuple[Doubles, tuple[Doubles, ...]]:
    """Split one level of detail off.

    Args:
        plane: (..., H, W), float64.

    Returns:
        The coarse part, (..., ceil(H / 2), ceil(W / 2)), and the details: horizontal, vertical, diagonal, last column,
        last row.
    """
    # A full 2 x 2 block a b / c d becomes one coarse value and three details: the sums and differences of its rows and
    # columns times 1/2, which is exact and orthonormal.  An odd last column or row has pairs only along itself: sum and
    # difference times sqrt(1/2).  A last corner without a partner passes into the coarse part unchanged.
    height, width = plane.shape[-2:]
    rows, columns = height // 2, width // 2
    coarse = np.empty((*plane.shape[:-2], height - rows, width - columns))
    a, b, c, d = _blocks(plane, rows, columns)
    top, top_difference, bottom, bottom_difference = a + b, a - b, c + d, c - d
    coarse[..., :rows, :columns] = (top + bottom) * 0.5
    horizontal = (top_difference + bottom_difference) * 0.5
    vertical = (top - bottom) * 0.5
    diagonal = (top_difference - bottom_difference) * 0.5
    upper, lower = plane[..., 0 : 2 * rows : 2, 2 * columns :], plane[..., 1 : 2 * rows : 2, 2 * columns :]
    coarse[..., :rows, columns:] = (upper + lower) * _SQRT_HALF
    last_column = (upper - lower) * _SQRT_HALF
    left, right = plane[..., 2 * rows :, 0 : 2 * columns : 2], plane[..., 2 * rows :, 1 : 2 * columns : 2]
    coarse[..., rows:, :columns] = (left + right) * _SQRT_HALF
    last_row = (left - right) * _SQRT_HALF
    coarse[..., rows:, columns:] = plane[..., 2 * rows :, 2 * columns :]
    return coarse, (horizontal, vertical, diagonal, last_column, last_row)


def join(coarse: Doubles, details: tuple[Doubles, ...]) -> Doubles:
    """Return the plane that `split` takes apart into these parts."""
    horizontal, vertical, diagonal, last_column, last_row = details
    rows, columns = horizontal.shape[-2:]
    height, width = coarse.shape[-2] + rows, coarse.shape[-1] + columns
    plane = np.empty((*coarse.shape[:-2], height, width))
    block = coarse[..., :rows, :columns]
    top, top_difference = block + vertical, horizontal + diagonal
    bottom, bottom_difference = block - vertical, horizontal - diagonal
    a, b, c, d = _blocks(plane, rows, columns)
    a[...], b[...] = (top + top_difference) * 0.5, (top - top_difference) * 0.5
    c[...], d[...] = (bottom + bottom_difference) * 0.5, (bottom - bottom_difference) * 0.5
    edge = coarse[..., :rows, columns:]
    plane[..., 0 : 2 * rows : 2, 2 * columns :] = (edge + last_column) * _SQRT_HALF
    plane[..., 1 : 2 * rows : 2, 2 * columns :] = (edge - last_column) * _SQRT_HALF
    edge = coarse[..., rows:, :columns]
    plane[..., 2 * rows :, 0 : 2 * columns : 2] = (edge + last_row) * _SQRT_HALF
    plane[..., 2 * rows :, 1 : 2 * columns : 2] = (edge - last_row) * _SQRT_HALF
    plane[..., 2 * rows :, 2 * columns :] = coarse[..., rows:, columns:]
    return plane


def _blocks(plane: Doubles, rows: int, columns: int) -> tuple[Doubles, Doubles, Doubles, Doubles]:
    """Return views of the corners a b / c d of all full 2 x 2 blocks."""
    full = plane[..., : 2 * rows, : 2 * columns]
    return full[..., 0::2, 0::2], full[..., 0::2, 1::2], full[..., 1::2, 0::2], full[..., 1::2, 1::2]
