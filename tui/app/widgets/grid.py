"""The grid of a round: a picture and a one-line caption for each place, and which one is selected."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Grid, Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from engine.rendering.events import Picture
from engine.search.running import PARENT
from tui.app.layout import reading_order, side_for
from tui.app.messages import PlaceChosen
from tui.app.widgets.picture import PictureCell


class Place(Vertical):
    """One picture of the grid and its caption; what changes often changes the caption alone, never a picture."""

    DEFAULT_CSS = """
    Place { padding: 0 1; }
    Place > Static { height: 1; width: 100%; text-align: center; color: $text-muted; }
    Place > Static.parent { color: $text-accent; }
    Place > Static.selected { background: $primary; color: $text; text-style: bold; }
    """

    def __init__(self, place: int) -> None:
        super().__init__()
        self.place = place
        self.picture = PictureCell()
        self._said = ""
        self.caption = Static("", markup=False, classes="parent" if place == PARENT else "")

    def compose(self) -> ComposeResult:
        yield self.picture
        yield self.caption

    def say(self, caption: str) -> None:
        """Writes the caption, when it is another."""
        if caption != self._said:
            self._said = caption
            self.caption.update(Content(caption), layout=False)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(PlaceChosen(self.place))


class PictureGrid(Grid):
    """Places in reading order; `selected` is a position in it, from 0."""

    DEFAULT_CSS = """
    PictureGrid { height: 1fr; grid-gutter: 0 1; }
    """

    selected: reactive[int] = reactive(0, repaint=False)

    def __init__(self) -> None:
        super().__init__()
        self.order: tuple[int, ...] = ()
        self._places: dict[int, Place] = {}

    async def lay_out(self, places: int) -> None:
        """Makes room for so many pictures; pictures that are there stay when the number is the same."""
        if len(self.order) == places:
            return
        await self.remove_children()
        self.order = reading_order(places)
        self._places = {place: Place(place) for place in self.order}
        side = side_for(places)
        self.styles.grid_size_columns = side
        self.styles.grid_size_rows = -(-places // side)
        await self.mount_all([self._places[place] for place in self.order])
        self.selected = self.order.index(PARENT)
        self._mark_selected()

    @property
    def selected_place(self) -> int:
        """The place under the cursor."""
        return self.order[self.selected] if self.order else 0

    def show(self, place: int, picture: Picture | None, *, preview: bool = False) -> None:
        """Shows a picture at a place; None clears it."""
        cell = self._places[place].picture
        if picture is None:
            cell.clear()
        else:
            cell.show(picture, preview=preview)

    def say(self, place: int, caption: str) -> None:
        """Writes a caption."""
        self._places[place].say(caption)

    def select(self, place: int) -> None:
        """Puts the cursor on a place."""
        self.selected = self.order.index(place)

    def move(self, columns: int, rows: int) -> None:
        """Moves the cursor, stopping at the edges."""
        side = side_for(len(self.order))
        column, row = self.selected % side + columns, self.selected // side + rows
        if 0 <= column < side and row >= 0 and row * side + column < len(self.order):
            self.selected = row * side + column

    def watch_selected(self) -> None:
        self._mark_selected()

    def _mark_selected(self) -> None:
        for position, place in enumerate(self.order):
            self._places[place].caption.set_class(position == self.selected, "selected")
