"""All keys and the idea, on one page."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Static

HELP = """\
You see one picture, the parent, and variations of it.  Pick whatever is
nearer to what you have in mind: it becomes the parent of the next grid.
When nothing is nearer, say so: the variations move closer to the parent.

1-9            pick the picture with that number, in reading order;
               the parent's own number means: none is better
arrows, Enter  choose with the cursor
n              none is better: the parent stays, the scale halves
r              other candidates at the same scale
u              undo, as far back as the picture's history goes
[  ]           the same candidates, nearer to the parent or farther
b              what moves: everything, the layout more than the detail,
               only the layout, only the detail
a              what moves: the noise, the prompt, or both; for models
               whose pictures hardly depend on their noise
Space          mark a candidate, up to three; Enter blends the marked
v              look at one picture in full size
s              save a copy of the selected picture under a name of yours;
               everything you pick is saved anyway
o              open another picture       p   begin with a new prompt
Ctrl+P         all commands by name       q   quit; nothing is lost

The scale says how far a candidate is from its parent.  At 1 nothing of
it is kept: new pictures of the same prompt.  A fresh search moves
everything; from a picture that you open the layout moves more than the
detail, which gets nearer in fewer picks.

Every saved PNG holds its own noise and history: `warmer FILE.png` goes
on from it, on any machine.
"""


class HelpScreen(Screen[None]):
    """Closed by any of the usual keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "app.pop_screen", "back", key_display="esc")
    ]

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(HELP, markup=False, id="help")
        yield Footer()
