"""A picture of the filmstrip with its caption; an empty frame until there is a picture."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from engine.rendering.events import Picture
from tui.app.history.film import Shot
from tui.app.messages import NodeChosen
from tui.app.widgets.picture import PictureCell


class FilmCell(Vertical):
    """The picture of a node; a click chooses the node.

    What changes often is shown in the caption alone, so that the terminal need not draw the picture again.
    """

    DEFAULT_CSS = """
    FilmCell { padding: 0 1 0 0; }
    FilmCell > PictureCell { display: none; }
    FilmCell.filled > PictureCell { display: block; }
    FilmCell > .frame { height: 1fr; width: 100%; border: solid $primary-muted; }
    FilmCell.filled > .frame { display: none; }
    FilmCell > .caption { height: 1; width: 100%; text-align: center; color: $text-muted; text-wrap: nowrap; }
    FilmCell.way > .caption { color: $text; }
    FilmCell.current > .caption { background: $primary; color: $text; text-style: bold; }
    """

    def __init__(self, node: int) -> None:
        """Prepare the cell of the node with this index."""
        super().__init__()
        self.node = node
        self.has_picture = False
        self._picture = PictureCell()
        self._caption = Static("", markup=False, classes="caption")
        self._written = ""

    def compose(self) -> ComposeResult:
        yield self._picture
        yield Static("", markup=False, classes="frame")
        yield self._caption

    def write(self, shot: Shot) -> None:
        """Show what a shot says; nothing is painted when that is the same as before."""
        if shot.caption != self._written:
            self._written = shot.caption
            self._caption.update(Content(shot.caption), layout=False)
        self.set_class(shot.is_way, "way")
        self.set_class(shot.is_current, "current")

    def show(self, picture: Picture) -> None:
        """Show a picture instead of the empty frame."""
        self.has_picture = True
        self.add_class("filled")
        self._picture.show(picture)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(NodeChosen(self.node))
