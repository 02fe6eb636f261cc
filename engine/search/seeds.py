"""Seeds that derive from other seeds, so that one number fixes every picture of a session."""

from __future__ import annotations

import hashlib

_STEP_NOISE = -1
_FRESH_NOISE = -2


def grid_seed(seed: int, index: int) -> int:
    """Return the seed of a grid that only the session's seed decides, such as the first one.

    Args:
        seed: The session's seed, 0 to 2^64 - 1.
        index: Its number; 0 is the first grid.

    Returns:
        The first 8 bytes, little-endian, of SHA-256 over both numbers.
    """
    digest = hashlib.sha256(f"warmer {seed} {index}".encode("ascii")).digest()
    return int.from_bytes(digest[:8], "little")


def next_grid_seed(seed: int, cause: str, state: bytes, count: int) -> int:
    """Return the seed of the grid that an answer leads to: the same answer at the same place gives the same grid.

    Args:
        seed: The session's seed, 0 to 2^64 - 1.
        cause: The kind of the answer.
        state: A key of where the answer was given and of what was on offer there.
        count: The number of candidates in the grid.

    Returns:
        The first 8 bytes, little-endian, of SHA-256 over all of them.
    """
    text = f"warmer {seed} {cause} {state.hex()} {count}"
    return int.from_bytes(hashlib.sha256(text.encode("ascii")).digest()[:8], "little")


def step_seed_of(seed: int) -> int:
    """Return the seed of the step noise of all pictures that grow from the seed root `seed`.

    It always differs from `seed`: a stochastic scheduler must not draw the initial noise a second time.
    """
    return grid_seed(seed, _STEP_NOISE)


def fresh_seed_of(seed: int) -> int:
    """Return the seed of the round that draws a part of a photograph's noise anew, in a session of the seed `seed`.

    It always differs from the seeds of the session's grids: their candidates must not draw the same noise again.
    """
    return grid_seed(seed, _FRESH_NOISE)
