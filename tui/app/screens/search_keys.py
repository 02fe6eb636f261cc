"""The keys of the search, and the pure rules behind those that cycle or toggle."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding, BindingType

from engine.search.axis import Axis
from engine.search.bands import Bands
from engine.search.running import PARENT

MAX_MARKS = 3

SEARCH_KEYS: list[BindingType] = [
    *(Binding(str(digit), f"pick({digit})", "pick", show=digit == 1, key_display="1-9") for digit in range(1, 10)),
    Binding("n", "none_better", "none better"),
    Binding("question_mark,f1", "app.help", "help", key_display="?"),
    Binding("q", "app.quit", "quit"),
    Binding("u", "undo", "undo"),
    Binding("r", "reroll", "reroll"),
    Binding("left_square_bracket", "rescale(0.5)", "scale", key_display="[ ]"),
    Binding("right_square_bracket", "rescale(2.0)", "twice the scale", key_display="]", show=False),
    Binding("b", "bands", "bands"),
    Binding("a", "axis", "axis"),
    Binding("space", "mark", "mark", key_display="space"),
    Binding("enter", "choose", "pick the selected, or blend the marked", show=False),
    Binding("v", "view", "view"),
    Binding("e", "app.edit", "edit"),
    Binding("s", "save", "save"),
    Binding("o", "app.open", "open"),
    Binding("p", "app.start", "prompt"),
    Binding("left", "move(-1, 0)", "move", show=False),
    Binding("right", "move(1, 0)", "move", show=False),
    Binding("up", "move(0, -1)", "move", show=False),
    Binding("down", "move(0, 1)", "move", show=False),
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Marking:
    """The marked candidates after a key, and what to say about it ("" for nothing)."""

    marks: tuple[int, ...]
    notice: str = ""


def toggle_mark(marks: tuple[int, ...], index: int, candidates: int) -> Marking:
    """Mark a picture, or unmark it when it is marked.

    Args:
        marks: The indices of the marked candidates.
        index: That of the picture.
        candidates: Their number; all of them together cannot be blended, since their variations add up to zero.
    """
    limit = min(MAX_MARKS, candidates - 1)
    if index == PARENT:
        return Marking(
            marks=marks, notice="the parent cannot be marked; mark candidates, then press Enter to blend them"
        )
    if index in marks:
        return Marking(marks=tuple(mark for mark in marks if mark != index))
    if len(marks) >= limit:
        return Marking(
            marks=marks,
            notice=f"at most {limit} can be blended; press Enter to blend them, or Space on one to unmark it",
        )
    return Marking(marks=(*marks, index))


def next_bands(bands: Bands) -> Bands:
    """Return the bands that follow on the key b; bands that only a file has are left and never come back."""
    cycle = (Bands.ALL, Bands.TILT, Bands.LAYOUT, Bands.DETAIL)
    return cycle[(cycle.index(bands) + 1) % len(cycle)] if bands in cycle else Bands.ALL


def next_axis(axis: Axis) -> Axis:
    """Return the axis that follows on the key a."""
    axes = list(Axis)
    return axes[(axes.index(axis) + 1) % len(axes)]
