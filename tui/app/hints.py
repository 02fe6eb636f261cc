"""What a newcomer is told: a sentence on each of the first grids, and others when they matter; each once per machine.

What was told is counted in a small JSON file in the state folder.  Losing it means to be told again.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path

from engine.paths import is_there
from tui.graphics.terminal.capabilities import Terminal

FILE = "hints.json"

LESSONS = (
    "press the number of the picture that is closest to what you have in mind",
    "is no picture better than the parent? press n: the next ones are more like it",
    "nothing is lost: u takes a step back, U takes it again, and ? shows all keys",
    "is one picture best on the left and a different one on the right? press x",
)
"""What is said on the first grids of a machine, one on each; none is longer than a row of 80 columns."""

SLOW_LOAD_SECONDS = 5.0
KEEP_ALIVE = (
    'loading took a while: keep_alive = "10m" in the configuration, or --keep-alive 10m, keeps the model loaded after '
    "the app ends"
)
"""What is said where a model took longer than that to load, and is loaded again at each start."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What was told on this machine.

    Attributes:
        grids: The number of grids that were shown, up to that of the lessons.
        graphics: The other sentences: those about the terminal came first, and gave the field of the file its name.
    """

    grids: int = 0
    graphics: tuple[str, ...] = ()


def lesson(told: Told) -> str:
    """Return what the next grid says, "" when everything was told."""
    return LESSONS[told.grids] if told.grids < len(LESSONS) else ""


def after_grid(told: Told) -> Told:
    """Return what was told once a grid is shown."""
    return replace(told, grids=min(told.grids + 1, len(LESSONS)))


def news(told: Told, sentence: str) -> str:
    """Return a sentence, "" when it was told."""
    return "" if sentence in told.graphics else sentence


def after_news(told: Told, sentence: str) -> Told:
    """Return what was told once a sentence is shown."""
    return replace(told, graphics=tuple(dict.fromkeys((*told.graphics, sentence))))


class Hints:
    """What was told on this machine, in its file."""

    def __init__(self, path: Path, terminal: Terminal) -> None:
        """Prepare; the file is read when something may have to be told.

        Args:
            path: The file.
            terminal: What the terminal can do.
        """
        self._path, self._terminal = path, terminal

    def next(self, advice: str = "") -> str:
        """Return what the grid that is shown now says: how pictures become finer here, else the next lesson.

        Args:
            advice: What is said once, after the first lesson, because of something that has happened; "" for nothing.
        """
        from tui.graphics.terminal.hints import graphics_hint

        hint = graphics_hint(self._terminal)
        said = self.once(hint) if hint else ""
        if not said and advice and self._read().grids:
            said = self.once(advice)
        return said or self.next_lesson()

    def next_lesson(self) -> str:
        """Return what the grid that is shown now says, and count the grid."""
        told = self._read()
        if sentence := lesson(told):
            self._write(after_grid(told))
        return sentence

    def once(self, sentence: str) -> str:
        """Return a sentence about the terminal, or about what has happened, the first time; "" later."""
        told = self._read()
        if found := news(told, sentence):
            self._write(after_news(told, found))
        return found

    def _read(self) -> Told:
        if not is_there(self._path):
            return Told()
        from engine.models.json_files import read_state  # not before there is a file: the first paint waits for this

        state = read_state(self._path)
        entries = state if isinstance(state, dict) else {}
        grids, graphics = entries.get("grids"), entries.get("graphics")
        return Told(
            grids=grids if isinstance(grids, int) and grids >= 0 else 0,
            graphics=tuple(text for text in graphics if isinstance(text, str)) if isinstance(graphics, list) else (),
        )

    def _write(self, told: Told) -> None:
        """Keep what was told; a file that cannot be written is ignored, and it is told again."""
        from engine.models.json_files import write_state
        from latentpng.errors import FileError

        with contextlib.suppress(OSError, FileError):
            write_state(self._path, {"grids": told.grids, "graphics": list(told.graphics)})
