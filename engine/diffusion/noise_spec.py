"""The shape of the initial noise of one picture, and what its axes are; pure, free of torch."""

from __future__ import annotations

from dataclasses import dataclass

from engine.rendering.settings import MAX_SIDE

_SIDE_MULTIPLE = 64
"""Every family accepts sizes that are multiples of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NoiseSpec:
    """The initial noise of one picture.

    Attributes:
        shape: Without the batch.
        axes: A letter for each axis: "CHW", "1CHW", "1HWC", "LC".
    """

    shape: tuple[int, ...]
    axes: str


def wide_and_tall(width: int, height: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return two sizes of one area, one wide and one tall: one side is doubled, or halved if double is too large."""
    if max(width, height) * 2 <= MAX_SIDE:
        return (2 * width, height), (width, 2 * height)
    return (width, _half(height)), (_half(width), height)


def infer_axes(shape: tuple[int, ...], wide: tuple[int, ...], tall: tuple[int, ...]) -> str:
    """Infer what the axes of a model's noise are.

    A width is larger at the wide size than at the tall one, even if a model rounds every size to one of its own.  An
    axis that changes, but is the same at both sizes, counts tokens.  If the shapes do not decide, the usual order is
    assumed.

    Args:
        shape: The noise at the size in question.
        wide: The noise at a wider size.
        tall: The noise at a taller size of the same area as the wider one.

    Returns:
        A letter for each axis: "W", "H", "L" for tokens, "1" for an axis of length 1, else "C".
    """
    letters = "".join(
        ("W" if at_wide > at_tall else "H" if at_wide < at_tall else "L" if at_wide != side else "")
        or ("1" if side == 1 else "C")
        for side, at_wide, at_tall in zip(shape, wide, tall, strict=True)
    )
    if len(shape) < 3 or (letters.count("H"), letters.count("W")) == (1, 1):
        return letters
    return "CHW" if len(shape) == 3 else f"{'1' if shape[0] == 1 else 'C'}CHW"


def _half(side: int) -> int:
    return max(_SIDE_MULTIPLE, side // 2 // _SIDE_MULTIPLE * _SIDE_MULTIPLE)
