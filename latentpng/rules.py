"""The rules of the format about seeds, digests and rounds.  SPEC.md, section 4, is the law.

The functions take plain values: `record.py` applies them to frozen values, `chunk/validate.py` to the JSON of a file.
So each rule, its limit and its message exist once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from latentpng.errors import InvalidValueError
from latentpng.shapes import octaves, spatial_shape
from latentpng.text import brief

MAX_SEED = 2**64 - 1
MAX_CANDIDATES = 64
MAX_ROUNDS = 4096
MAX_OCTAVES = 32
MAX_REGION_SIDE = 64
MAX_WORK = 2**31  # noise values times candidates, over all rounds: replay takes a minute or two, not days
LEAST_CANDIDATES = 8  # a round counts as at least 8 candidates: moving octaves costs as much as drawing 8 of them

_is_digest = re.compile(r"[0-9a-f]{64}").fullmatch


def check_seed(name: str, seed: int) -> None:
    """Raise InvalidValueError unless a seed is in the range of 64 bits."""
    if not 0 <= seed <= MAX_SEED:
        raise InvalidValueError(f"{name} is a number from 0 to 2^64 - 1, found {seed}")


def check_digest(name: str, digest: str) -> None:
    """Raise InvalidValueError unless a digest is a SHA-256 as the format writes it."""
    if not _is_digest(digest):
        raise InvalidValueError(f"{name} is a SHA-256 in 64 lower-case hexadecimal digits, found {digest[:80]!r}")


def check_round_values(
    of: int,
    marks: Sequence[int],
    scale: float,
    bands: Sequence[float],
    region: str,
    prompt_scale: float,
) -> None:
    """Raise InvalidValueError for the first rule that the values of a round break, whatever the shape of the noise.

    Args:
        of: The number of candidates.
        marks: The indices of the marked candidates.
        scale: How far the noise moves, 0 to 1.
        bands: A factor on `scale` per octave, coarsest first; empty if all octaves move alike.
        region: Rows of "0" and "1" joined by "/"; "" if every cell may move.
        prompt_scale: How far the prompt's embedding moves, 0 to 1.
    """
    if not 1 <= of <= MAX_CANDIDATES:
        raise InvalidValueError(f"a round has 1 to {MAX_CANDIDATES} candidates, found {of}")
    if len(marks) != 1 and (not marks or len(set(marks)) != len(marks)):
        raise InvalidValueError(f"marks name at least one candidate, each once, found {brief(list(marks))}")
    for mark in marks:
        if not 0 <= mark < of:
            raise InvalidValueError(f"marks are indices below {of}, found {brief(list(marks))}")
    if len(marks) == of > 1:
        raise InvalidValueError(f"all {of} candidates are marked: zero-sum noise has no blend of all")
    if not 0.0 <= scale <= 1.0:  # NaN fails this comparison too
        raise InvalidValueError(f"scale is a number from 0 to 1, found {scale}")
    if not 0.0 <= prompt_scale <= 1.0:
        raise InvalidValueError(f"prompt_scale is a number from 0 to 1, found {prompt_scale}")
    if bands:
        _check_bands(bands, scale)
    if region:
        _check_region(region)


def check_round_fits(bands: Sequence[float], region: str, shape: tuple[int, ...], axes: str) -> None:
    """Raise InvalidValueError unless the bands and the region of a round fit noise of this shape."""
    if bands and len(bands) != octaves(shape, axes):
        raise InvalidValueError(f"{octaves(shape, axes)} bands needed for {list(shape)} {axes}, found {len(bands)}")
    height, width = spatial_shape(shape, axes)
    rows = region.split("/") if region else []
    if rows and (len(rows) > height or len(rows[0]) > width):
        found = f"{len(rows)} x {len(rows[0])}"
        raise InvalidValueError(
            f"a region has at most {height} x {width} cells for {list(shape)} {axes}, found {found}"
        )


def work_of(candidates: int) -> int:
    """Return the cost of a round with this many candidates, in draws of the whole noise."""
    return max(LEAST_CANDIDATES, candidates)


def check_work(work: int) -> None:
    """Raise InvalidValueError if a replay would take too long; work: noise values, over all candidates and rounds."""
    if work > MAX_WORK:
        raise InvalidValueError(
            f"at most {MAX_WORK} noise values in all rounds, found {work}: only an earlier picture, with fewer rounds, "
            "can be replayed"
        )


def _check_bands(bands: Sequence[float], scale: float) -> None:
    if len(bands) > MAX_OCTAVES:
        raise InvalidValueError(f"at most {MAX_OCTAVES} bands, found {len(bands)}")
    if not all(math.isfinite(band) and band >= 0.0 and scale * band <= 1.0 for band in bands):
        raise InvalidValueError(f"bands are factors >= 0 with scale * band <= 1, found {list(bands)}")


def _check_region(region: str) -> None:
    rows = region.split("/")
    if len(rows) > MAX_REGION_SIDE or len(rows[0]) > MAX_REGION_SIDE:
        raise InvalidValueError(f"a region has at most {MAX_REGION_SIDE} x {MAX_REGION_SIDE} cells")
    if not rows[0] or any(len(row) != len(rows[0]) or set(row) - {"0", "1"} for row in rows):
        raise InvalidValueError("a region is rows of 0 and 1 of one length, joined by '/'")
