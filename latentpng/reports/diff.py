"""How two pictures differ: where their lineages part, their settings, their initial noise, their pixels."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latentpng.chunk.header import Front
from latentpng.noise.replay import Tell, initial_noise
from latentpng.png.carriers import read_front
from latentpng.png.files import read_record_from
from latentpng.png.open import open_picture
from latentpng.png.pixels import decode_pixels
from latentpng.record import Json, JsonObject, LatentRecord, Round
from latentpng.reports.family import ROOT, family_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PIECE = 2**20  # values at once


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """One of two pictures.  rgb: 3 * width * height bytes, row by row."""

    file: str
    front: Front
    record: LatentRecord
    width: int
    height: int
    rgb: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """A setting that differs.  name: its path, joined by dots.  left, right: its one value, () where there is none."""

    name: str
    left: tuple[Json, ...]
    right: tuple[Json, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """Left against right.

    ancestor: after how many rounds of each lineage the nearest common ancestor stands; () when there is none.
    left_rounds, right_rounds: what each did after it; all its rounds when there is none.
    cosine: of the two noises as vectors, -1 to 1; degrees: the angle between them, 0 to 180.  NaN when their shapes
        differ, or one of them is all zeros.
    largest, mean: absolute difference of 8-bit channel values, 0 to 255; NaN when the pictures differ in size.
    """

    ancestor: tuple[int, ...]
    left_rounds: tuple[Round, ...]
    right_rounds: tuple[Round, ...]
    settings: tuple[Setting, ...]
    cosine: float
    degrees: float
    largest: float
    mean: float


def read_side(path: str | os.PathLike[str], tell: Tell | None = None) -> Side:
    """All of a picture.

    UnreadableFileError, NoLatentError, DamagedLatentError, NewerVersionError, ReplayDiffersError.
    """
    with open_picture(path) as (stream, size, name):
        record = read_record_from(stream, size, name, tell)
        front = read_front(stream, size, name)
        width, height, rgb = decode_pixels(stream, size, name)
    return Side(file=name, front=front, record=record, width=width, height=height, rgb=rgb)


def difference(left: Side, right: Side, tell: Tell | None = None) -> Difference:
    """How they differ.  tell: hears how far a replay is, where noise must be rebuilt."""
    ancestor = common_ancestor(left.front, right.front)
    left_at, right_at = ancestor or (0, 0)
    cosine, degrees = angle(initial_noise(left.record, tell), initial_noise(right.record, tell))
    same_size = (left.width, left.height) == (right.width, right.height)
    largest, mean = pixel_difference(left.rgb, right.rgb) if same_size else (math.nan, math.nan)
    return Difference(
        ancestor=ancestor,
        left_rounds=left.record.lineage.rounds[left_at:],
        right_rounds=right.record.lineage.rounds[right_at:],
        settings=tuple(_settings(left.record.settings, right.record.settings)),
        cosine=cosine,
        degrees=degrees,
        largest=largest,
        mean=mean,
    )


def common_ancestor(left: Front, right: Front) -> tuple[int, ...]:
    """After how many rounds of each lineage the nearest state stands that both came from; () when there is none."""
    family = family_of([("left", left), ("right", right)])
    steps: list[dict[int, int]] = []  # from the end back: each ancestor, and how many rounds ago
    for end in family.ends:
        ancestors: dict[int, int] = {}
        while end != ROOT:
            ancestors[end] = len(ancestors)
            end = family.nodes[end].parent
        steps.append(ancestors)
    for node, ago in steps[0].items():
        if node in steps[1]:
            return _rounds(left) - ago, _rounds(right) - steps[1][node]
    return ()


def angle(left: NDArray[np.float16], right: NDArray[np.float16]) -> tuple[float, float]:
    """Cosine and angle in degrees of two noises of one shape, in float64; NaN for other shapes and for zeros.

    The angle is 2 atan2(|u - v|, |u + v|) of the unit vectors (Kahan), which is exact for small ones too.
    """
    if left.shape != right.shape:
        return math.nan, math.nan
    first, second = left.astype(np.float64).ravel(), right.astype(np.float64).ravel()
    lengths = float(np.linalg.norm(first)), float(np.linalg.norm(second))
    if not all(lengths):
        return math.nan, math.nan
    first, second = first / lengths[0], second / lengths[1]
    cosine = min(1.0, max(-1.0, float(first @ second)))
    apart, together = float(np.linalg.norm(first - second)), float(np.linalg.norm(first + second))
    return cosine, math.degrees(2 * math.atan2(apart, together))


def pixel_difference(left: bytes, right: bytes) -> tuple[int, float]:
    """Largest and mean absolute difference of two rows of as many 8-bit values."""
    first, second = np.frombuffer(left, np.uint8), np.frombuffer(right, np.uint8)
    largest = total = 0
    for start in range(0, len(first), _PIECE):
        piece = slice(start, start + _PIECE)
        apart = np.abs(first[piece].astype(np.int16) - second[piece].astype(np.int16))
        largest, total = max(largest, int(apart.max())), total + int(apart.sum(dtype=np.int64))
    return largest, total / len(first)


def _rounds(front: Front) -> int:
    rounds = front.metadata["rounds"]
    return len(rounds) if isinstance(rounds, list) else 0


def _settings(left: JsonObject, right: JsonObject, prefix: str = "") -> Iterator[Setting]:
    """What differs, by name; objects on both sides are looked into."""
    for key in sorted({*left, *right}):
        mine, other = left.get(key), right.get(key)
        if isinstance(mine, dict) and isinstance(other, dict):
            yield from _settings(mine, other, f"{prefix}{key}.")
        elif key not in left or key not in right or mine != other or isinstance(mine, bool) != isinstance(other, bool):
            values = [(side[key],) if key in side else () for side in (left, right)]
            yield Setting(name=prefix + key, left=values[0], right=values[1])
