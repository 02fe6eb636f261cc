"""The keys of the search, and the pure rules behind those that cycle or toggle."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding, BindingType

from engine.search.axis import Axis
from engine.search.bands import Bands
from engine.search.running import PARENT
from tui.app.layout import PICK_KEYS

MAX_MARKS = 3
FINE = 2.0 ** (1.0 / 3.0)
"""The factor of the finer steps of the difference from the parent: three of them double it."""


def _key(keys: str, action: str, description: str, shown: str = "") -> Binding:
    return Binding(keys, action, description, key_display=shown or None)


SEARCH_KEYS: list[BindingType] = [
    *(Binding(key, f"pick({position})", "pick", show=False) for position, key in enumerate(PICK_KEYS)),
    _key("n", "none_better", "none better"),
    _key("enter", "choose", "pick the selected, or blend the marked"),
    _key("tab", "compare", "compare the candidate with the parent"),
    _key("d", "difference", "show where the candidate differs from the parent"),
    _key("D,shift+d", "drafts", "show candidates as drafts, or in full", "D"),
    _key("v", "view", "view in full size"),
    _key("e", "app.edit", "edit prompt and settings, keep the noise"),
    _key("h", "history", "history"),
    _key("question_mark,f1", "app.help", "help", "?"),
    _key("u", "undo", "undo"),
    _key("U,shift+u", "redo", "redo", "U"),
    _key("r", "reroll", "other candidates"),
    _key("left_square_bracket", "rescale(0.5)", "half as different", "["),
    _key("right_square_bracket", "rescale(2.0)", "twice as different", "]"),
    _key("left_curly_bracket", f"rescale({1 / FINE!r})", "a little nearer to the parent", "{"),
    _key("right_curly_bracket", f"rescale({FINE!r})", "a little farther from the parent", "}"),
    _key("b", "bands", "choose the bands that vary"),
    _key("a", "axis", "vary the noise, the prompt, or both"),
    _key("m", "region", "vary a part of the picture, or keep a part"),
    _key("M,shift+m", "everywhere", "vary the whole picture again", "M"),
    _key("space", "mark", "mark for blending"),
    _key("x", "split", "pick by halves, by quarters, or whole pictures"),
    _key("plus,equals_sign", "second", "add a second candidate to the last region", "+"),
    _key("backspace", "back", "take the last region back", "backspace"),
    _key("escape", "whole", "pick whole pictures again, or stop loading the model", "esc"),
    _key("w", "alone", "take the best single candidate instead"),
    _key("asterisk", "star", "star: keep the selected picture", "*"),
    _key("i", "info", "info about the selected picture"),
    _key("y", "copy_command", "copy the command line of the selected picture"),
    _key("Y,shift+y", "copy_path", "copy the path of the selected picture", "Y"),
    _key("s", "save", "save a copy"),
    _key("ctrl+s", "save_again", "try again to save what could not be saved", "Ctrl+S"),
    _key("E,shift+e", "export", "export the way here as an animation", "E"),
    _key("o", "app.open", "open"),
    _key("p", "app.start", "new prompt"),
    _key("q", "app.quit", "quit"),
    *(
        Binding(key, f"move({columns}, {rows})", "move", show=False)
        for key, columns, rows in (("left", -1, 0), ("right", 1, 0), ("up", 0, -1), ("down", 0, 1))
    ),
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
