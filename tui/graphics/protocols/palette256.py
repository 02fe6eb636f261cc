"""The 256 colours of a terminal without true colour: those that have the same values everywhere.

Numbers 16 to 231 are a cube of 6 x 6 x 6 levels, 232 to 255 are greys; 0 to 15 are up to the user's theme.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats: TypeAlias = npt.NDArray[np.float32]
    Indices: TypeAlias = npt.NDArray[np.intp]

FIRST: Final = 16
_LEVELS: Final = (0, 95, 135, 175, 215, 255)
_GREYS: Final = 24


def colours() -> Floats:
    """Return the colours from number FIRST on: (240, 3), 0 to 255."""
    levels = np.array(_LEVELS, dtype=np.float32)
    cube = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    greys = np.repeat(8 + 10 * np.arange(_GREYS, dtype=np.float32)[:, None], 3, axis=1)
    return np.concatenate([cube, greys])


def nearest(wanted: Floats) -> Indices:
    """Return which of `colours()` is nearest to each colour (..., 3) of any values."""
    levels = np.array(_LEVELS, dtype=np.float32)
    channels = np.searchsorted((levels[1:] + levels[:-1]) / 2, wanted)
    grey = np.clip(np.rint((wanted.mean(axis=-1) - 8) / 10), 0, _GREYS - 1)
    to_cube = np.square(levels[channels] - wanted).sum(axis=-1)
    to_grey = np.square((8 + 10 * grey)[..., None] - wanted).sum(axis=-1)
    cube = channels[..., 0] * 36 + channels[..., 1] * 6 + channels[..., 2]
    return np.asarray(np.where(to_grey < to_cube, 216 + grey, cube), dtype=np.intp)
