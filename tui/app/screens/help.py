"""All keys and the idea, on one page."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Static

from latentpng.text import plain

MAX_MESSAGE = 4000
"""Characters of a message that are shown."""

HELP = """\
The grid shows one picture, the parent, and variations of it, the candidates.
Pick the candidate that comes closer to the picture you have in mind: it
becomes the parent of the next grid.  When no candidate is better, press n:
the next candidates are more similar to the parent.

1-9            pick the picture with that number, counted row by row;
               the parent's own number means that none is better
arrows, Enter  select a picture, then pick it
n              none is better: keep the parent and halve the scale
r              draw other candidates at the same scale
u              undo, back to the start of the picture's history
[  ]           the same candidates with half or twice the scale
b              what varies: everything, the layout more than the detail,
               only the layout, or only the detail
a              what varies: the noise, the prompt, or both; use it for
               models whose pictures hardly depend on their noise
Space          mark a candidate, up to three; Enter blends the marked ones
v              view one picture in full size
s              save a copy of the selected picture under another name;
               everything that you pick is saved anyway
o              open another picture       p   start with a new prompt
Ctrl+L         on the start screen: choose the model of new prompts
Ctrl+P         all commands by name       q   quit; nothing is lost

The scale says how much a candidate differs from its parent.  At scale 1 it
keeps nothing of the parent: it is a new picture of the same prompt.  In a
new search everything varies.  In a picture that you open, the layout varies
more than the detail, because that takes fewer picks.

Every saved PNG contains its own noise and history: `warmer FILE`
continues from it, on any machine.  FILE may be a picture of another tool
too, whose noise is rebuilt from its seed, or a photograph, for which noise
is found that repeats it: F2, F3, F4 and the arrows say how.
"""


class HelpScreen(Screen[None]):
    """The help text, and a message above it that is too long for the status line; every usual key closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "app.pop_screen", "back", key_display="esc")
    ]

    def __init__(self, message: str = "") -> None:
        """Prepare the page.

        Args:
            message: What stands above the help text; "" for nothing.
        """
        super().__init__()
        self._message = plain(message, MAX_MESSAGE)

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            if self._message:
                yield Static(self._message, markup=False, id="message")
            yield Static(HELP, markup=False, id="help")
        yield Footer()
