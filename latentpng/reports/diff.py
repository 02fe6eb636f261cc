"""The differences between two pictures: their lineages, settings, initial noise and pixels."""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latentpng.chunk.header import Front
from latentpng.noise.replay import OnProgress, initial_noise
from latentpng.png.carriers import read_front
from latentpng.png.files import read_record_from
from latentpng.png.open import open_picture
from latentpng.png.pixels import rgb_strips
from latentpng.png.scanlines import Strips
from latentpng.record import Json, JsonObject, LatentRecord, Lineage, Round
from latentpng.reports.family import family_of
from latentpng.reports.states import ROOT
from latentpng.steps import step_ends

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """One of the two pictures.

    Attributes:
        file: The name of the file, safe for a terminal.
        front: The front of its latent.
        record: What the latent records.
        width: In pixels.
        height: In pixels.
        pixels: Gives the picture as RGB, from its first row on, each time that it is called.
    """

    file: str
    front: Front
    record: LatentRecord
    width: int
    height: int
    pixels: Callable[[], Strips]


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """A setting that differs.

    Attributes:
        name: The keys that lead to it, joined by dots.
        left: Its value in the left picture, as a tuple of one; () if that picture lacks the setting.
        right: The same for the right picture.
    """

    name: str
    left: tuple[Json, ...]
    right: tuple[Json, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """The differences between the left and the right picture.

    Attributes:
        ancestor: The nearest common ancestor, as the number of its rounds in the left and in the right lineage; () if
            there is none.  It never stands between the rounds of a pick by region, which nobody saw.
        left_rounds: The rounds of the left lineage after the ancestor; all its rounds if there is none.
        right_rounds: The same for the right lineage.
        settings: The settings that differ.
        cosine: The cosine of the angle between the noises as vectors, -1 to 1; NaN if their shapes differ or one of
            them is all zeros.
        degrees: That angle, 0 to 180; NaN in the same cases.
        largest: The largest absolute difference of 8-bit channel values, 0 to 255; NaN if the sizes differ.
        mean: The mean of these differences; NaN if the sizes differ.
    """

    ancestor: tuple[int, ...]
    left_rounds: tuple[Round, ...]
    right_rounds: tuple[Round, ...]
    settings: tuple[Setting, ...]
    cosine: float
    degrees: float
    largest: float
    mean: float


def read_side(path: str | os.PathLike[str], opened: ExitStack, on_progress: OnProgress | None = None) -> Side:
    """Read a picture with its latent, and check that its pixels can be decoded.

    Args:
        path: A PNG; "-" is standard input.
        opened: Keeps the file open as long as its pixels are needed.
        on_progress: A callback that hears, after each replayed round, how many are done and how many there are.

    Raises:
        UnreadableFileError: The file cannot be opened, or is not a whole PNG.
        NoLatentError: The PNG carries no latent.
        DamagedLatentError: The latent breaks a rule of SPEC.md.
        NewerVersionError: The latent needs a newer version of this package.
        ReplayDiffersError: Noise that is rebuilt from the lineage is not the one that was recorded.
        OSError: Reading the open file failed.
    """
    stream, size, name = opened.enter_context(open_picture(path))
    record = read_record_from(stream, size, name, on_progress)
    front = read_front(stream, size, name)

    def pixels() -> Strips:
        return rgb_strips(stream, size, name)

    strips = pixels()
    deque(strips.values, maxlen=0)
    return Side(file=name, front=front, record=record, width=strips.width, height=strips.height, pixels=pixels)


def difference(left: Side, right: Side, on_progress: OnProgress | None = None) -> Difference:
    """Compare two pictures.

    Args:
        left: One picture.
        right: The other one.
        on_progress: A callback that hears, after each replayed round, how many are done and how many there are.
    """
    ancestor = before_step(left.record.lineage, right.record.lineage, common_ancestor(left.front, right.front))
    left_at, right_at = ancestor or (0, 0)
    cosine, degrees = angle(initial_noise(left.record, on_progress), initial_noise(right.record, on_progress))
    same_size = (left.width, left.height) == (right.width, right.height)
    largest, mean = pixel_difference(left.pixels(), right.pixels()) if same_size else (math.nan, math.nan)
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
    """Find the nearest common ancestor of two lineages.

    It is the first ancestor of the left picture, from its end back to its root, that the right picture has too.

    Returns:
        The number of its rounds in the left and in the right lineage; () if there is none.
    """
    family = family_of([("left", left), ("right", right)])
    distances: list[dict[int, int]] = []  # of each side: its ancestors, nearest first, and how many rounds ago
    for end in family.ends:
        ancestors: dict[int, int] = {}
        while end != ROOT:
            ancestors[end] = len(ancestors)
            end = family.nodes[end].parent
        distances.append(ancestors)
    for node, distance in distances[0].items():
        if node in distances[1]:
            return _rounds(left) - distance, _rounds(right) - distances[1][node]
    return ()


def before_step(left: Lineage, right: Lineage, ancestor: tuple[int, ...]) -> tuple[int, ...]:
    """Return an ancestor that is a picture: where it stands between the rounds of one pick, the one before that pick.

    Args:
        left: The left lineage.
        right: The right lineage.
        ancestor: The number of its rounds in both, as of `common_ancestor`.
    """
    if not ancestor:
        return ()
    sides = tuple(zip((left, right), ancestor, strict=True))
    back = max(at - max(end for end in (0, *step_ends(lineage)) if end <= at) for lineage, at in sides)
    ways = [lineage.rounds[max(0, at - back) : at] for lineage, at in sides]
    return tuple(at - back for at in ancestor) if ways[0] == ways[1] else ancestor


def angle(left: NDArray[np.float16], right: NDArray[np.float16]) -> tuple[float, float]:
    """Return the cosine and the angle between two noises as vectors, computed in float64.

    The angle is 2 atan2(|u - v|, |u + v|) of the unit vectors u and v (W. Kahan, "How Futile are Mindless Assessments
    of Roundoff", 2006), which is accurate for small angles too, where the arc cosine is not.

    Args:
        left: float16 noise of any shape.
        right: float16 noise.

    Returns:
        The cosine, -1 to 1, and the angle in degrees, 0 to 180; NaN for both if the shapes differ or one of the noises
        is all zeros.
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


def pixel_difference(left: Strips, right: Strips) -> tuple[int, float]:
    """Compare two pictures of the same size, some rows at a time.

    Returns:
        The largest and the mean absolute difference of their values, 0 to 255.
    """
    largest = total = 0
    for first, second in _pairs(left.values, right.values):
        apart = np.abs(first.astype(np.int16) - second.astype(np.int16))
        largest, total = max(largest, int(apart.max())), total + int(apart.sum(dtype=np.int64))
    return largest, total / (left.width * left.height * left.channels)


def _pairs(
    left: Iterator[NDArray[np.uint8]], right: Iterator[NDArray[np.uint8]]
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Yield the same rows of both pictures, whose strips may have different numbers of rows."""
    nothing = np.empty((0, 0, 0), np.uint8)
    first, second = nothing, nothing
    while True:
        first = first if len(first) else next(left, nothing)
        second = second if len(second) else next(right, nothing)
        count = min(len(first), len(second))
        if not count:
            return
        yield first[:count], second[:count]
        first, second = first[count:], second[count:]


def _rounds(front: Front) -> int:
    rounds = front.metadata["rounds"]
    return len(rounds) if isinstance(rounds, list) else 0


def _settings(left: JsonObject, right: JsonObject, prefix: str = "") -> Iterator[Setting]:
    """Yield the settings that differ, by name; if both sides have an object, its entries are compared."""
    for key in sorted({*left, *right}):
        first, second = left.get(key), right.get(key)
        if isinstance(first, dict) and isinstance(second, dict):
            yield from _settings(first, second, f"{prefix}{key}.")
        elif key not in left or key not in right or not _same(first, second):
            values = [(side[key],) if key in side else () for side in (left, right)]
            yield Setting(name=prefix + key, left=values[0], right=values[1])


def _same(first: Json, second: Json) -> bool:
    """Compare as JSON does: 1 and true are equal in Python, but they are different settings."""
    return first == second and isinstance(first, bool) == isinstance(second, bool)
