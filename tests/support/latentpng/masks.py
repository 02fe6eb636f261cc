"""Regions for tests: texts of many grids, and the same regions as masks of one grid that all of them divide."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 60
"""Cells along a side of a mask."""
_DIVISORS = (1, 2, 3, 4, 5, 6)


@st.composite
def regions(draw: st.DrawFn) -> str:
    """Draw a region of a grid that divides SIDE; also ones in which nothing or everything moves."""
    rows, columns = draw(st.sampled_from(_DIVISORS)), draw(st.sampled_from(_DIVISORS))
    return draw(
        st.just("") | st.just("/".join(draw(st.text("01", min_size=columns, max_size=columns)) for _ in range(rows)))
    )


def mask_of(region: str) -> NDArray[np.bool_]:
    """Return (SIDE, SIDE): where a region may move."""
    cells = np.array([[cell == "1" for cell in row] for row in (region or "1").split("/")])
    return np.kron(cells, np.ones((SIDE // cells.shape[0], SIDE // cells.shape[1]), dtype=bool)).astype(bool)


def is_in(mask: str, x: float, y: float) -> bool:
    """Return whether a point lies in a region; x, y: from 0 to below 1, from the top left corner."""
    rows = (mask or "1").split("/")
    row = rows[int(y * len(rows))]
    return row[int(x * len(row))] == "1"
