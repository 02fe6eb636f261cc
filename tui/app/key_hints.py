"""The keys that matter now, for the last line of the search: a pure function of the situation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from tui.app.layout import PICK_KEYS


@dataclass(frozen=True, kw_only=True, slots=True)
class Hint:
    """A key, as it is shown, and what it does in a word or two.

    Attributes:
        key: The key.
        words: What it does.
        action: The action that a click runs.
    """

    key: str
    words: str
    action: str


class Situation(Enum):
    """What a search is doing, as far as the keys are concerned."""

    LOADING = auto()
    RELOADING = auto()
    FAILED_TO_LOAD = auto()
    FAILED_TO_RELOAD = auto()
    FAILED = auto()
    RENDERING = auto()
    READY = auto()
    MARKED = auto()
    COMPARED = auto()
    ASKING = auto()
    POINTED = auto()
    ASKED = auto()


HELP = Hint(key="?", words="keys", action="app.help")
_NONE = Hint(key="n", words="none better", action="screen.none_better")
_UNDO = Hint(key="u", words="undo", action="screen.undo")
_COMPARE = Hint(key="Tab", words="compare", action="screen.compare")
_VIEW = Hint(key="v", words="view", action="screen.view")
_EDIT = Hint(key="e", words="edit", action="app.edit")
_HISTORY = Hint(key="h", words="history", action="screen.history")
_OPEN = Hint(key="o", words="open", action="app.open")
_PROMPT = Hint(key="p", words="new prompt", action="app.start")
_AGAIN = Hint(key="r", words="try again", action="screen.reroll")
_QUIT = Hint(key="q", words="quit", action="app.quit")

_REGIONS = Hint(key="x", words="by region", action="screen.split")
_KEEP = Hint(key="Space", words="keep parent", action="screen.mark")
_BACK = Hint(key="Backspace", words="back", action="screen.back")
_SECOND = Hint(key="+", words="blend", action="screen.second")
_LEAVE = Hint(key="Esc", words="leave", action="screen.whole")

_HINTS: dict[Situation, tuple[Hint, ...]] = {
    Situation.LOADING: (_OPEN, _PROMPT, _VIEW, _QUIT),
    Situation.RELOADING: (_UNDO, _HISTORY, _OPEN, _QUIT),
    Situation.FAILED_TO_LOAD: (_AGAIN, _OPEN, _PROMPT, _QUIT),
    Situation.FAILED_TO_RELOAD: (_AGAIN, _UNDO, _HISTORY, _OPEN, _QUIT),
    Situation.FAILED: (_AGAIN, _UNDO, _EDIT, _OPEN, _QUIT),
    Situation.RENDERING: (
        _NONE,
        _UNDO,
        Hint(key="r", words="others", action="screen.reroll"),
        _VIEW,
    ),
    Situation.READY: (_NONE, _REGIONS, _COMPARE, _EDIT),
    Situation.MARKED: (
        Hint(key="Enter", words="blend", action="screen.choose"),
        Hint(key="Space", words="mark", action="screen.mark"),
        _COMPARE,
        _NONE,
    ),
    Situation.COMPARED: (
        Hint(key="Tab", words="flip", action="screen.compare"),
        Hint(key="d", words="difference", action="screen.difference"),
        Hint(key="Enter", words="pick", action="screen.choose"),
        _VIEW,
    ),
    Situation.ASKING: (_KEEP, Hint(key="Enter", words="done", action="screen.choose"), _BACK, _LEAVE),
    Situation.POINTED: (_KEEP, Hint(key="Enter", words="take", action="screen.choose"), _BACK, _LEAVE),
    Situation.ASKED: (Hint(key="Enter", words="pick this", action="screen.choose"), _SECOND, _BACK, _LEAVE),
}
_CAN_PICK = (Situation.RENDERING, Situation.READY, Situation.MARKED, Situation.ASKING, Situation.POINTED)


def hints_for(situation: Situation, pictures: int) -> tuple[Hint, ...]:
    """Return the keys that matter now, the most important first; the last one leads to all others.

    Args:
        situation: What the search is doing.
        pictures: The number of pictures in the grid, which have a key each.
    """
    pick = Hint(key=pick_range(pictures), words="pick", action="screen.choose")
    return (*((pick,) if situation in _CAN_PICK else ()), *_HINTS[situation], HELP)


def pick_range(pictures: int) -> str:
    """Return the keys of so many pictures, as the last line names them: "1-8", or "1-9 0cfgjkl" for sixteen."""
    if pictures <= 1:
        return PICK_KEYS[:1]
    if pictures <= 9:
        return f"1-{PICK_KEYS[pictures - 1]}"
    return f"1-9 {PICK_KEYS[9:pictures]}"


def fitting(hints: tuple[Hint, ...], columns: int) -> tuple[Hint, ...]:
    """Return the hints that fit on a line of so many columns: the last one, and of the others as many as have room."""
    *others, last = hints
    room, kept = columns - width_of(last), []
    for hint in others:
        if (room := room - width_of(hint)) < 0:
            break
        kept.append(hint)
    return (*kept, last)


def width_of(hint: Hint) -> int:
    """Return the columns of a hint, with the gap after it."""
    return len(hint.key) + 1 + len(hint.words) + 2
