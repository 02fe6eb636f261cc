"""The grid of a round: pictures with one-line captions, one of them selected."""

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
from tui.app.messages import CellClicked
from tui.app.widgets.picture import PictureCell


class GridCell(Vertical):
    """A picture and its caption.

    What changes often (selection, marks, progress) is shown in the caption alone: a border around the picture would
    make the terminal draw the picture again.
    """

    DEFAULT_CSS = """
    GridCell { padding: 0 1; }
    GridCell > Static { height: 1; width: 100%; text-align: center; color: $text-muted; }
    GridCell > Static.parent { color: $text-accent; }
    GridCell > Static.selected { background: $primary; color: $text; text-style: bold; }
    """

    def __init__(self, index: int) -> None:
        """Prepare the cell of the picture with this index; PARENT is the parent's."""
        super().__init__()
        self.index = index
        self.picture = PictureCell()
        self.caption = Static("", markup=False, classes="parent" if index == PARENT else "")
        self._written = ""

    def compose(self) -> ComposeResult:
        yield self.picture
        yield self.caption

    def write_caption(self, words: str) -> None:
        """Show a caption; nothing is painted when it is the same as before."""
        if words != self._written:
            self._written = words
            self.caption.update(Content(words), layout=False)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(CellClicked(self.index))


class PictureGrid(Grid):
    """Cells in reading order.

    Attributes:
        selected: The position of the selected cell in reading order, from 0.
        order: The index of the picture at each position.
    """

    DEFAULT_CSS = """
    PictureGrid { height: 1fr; grid-gutter: 0 1; }
    """

    selected: reactive[int] = reactive(0, repaint=False)

    def __init__(self) -> None:
        super().__init__()
        self.order: tuple[int, ...] = ()
        self._cells: dict[int, GridCell] = {}

    async def lay_out(self, count: int) -> None:
        """Make room for `count` pictures; when there is just so much room, the pictures stay."""
        if len(self.order) == count:
            return
        await self.remove_children()
        self.order = reading_order(count)
        self._cells = {index: GridCell(index) for index in self.order}
        side = side_for(count)
        self.styles.grid_size_columns = side
        self.styles.grid_size_rows = -(-count // side)
        await self.mount_all([self._cells[index] for index in self.order])
        self.selected = self.order.index(PARENT)
        self._highlight_selected()

    @property
    def selected_index(self) -> int:
        """The index of the selected picture."""
        return self.order[self.selected] if self.order else PARENT

    def show(self, index: int, picture: Picture | None, *, preview: bool = False) -> None:
        """Show a picture in its cell, or clear the cell for None."""
        cell = self._cells[index].picture
        if picture is None:
            cell.clear()
        else:
            cell.show(picture, preview=preview)

    def write_caption(self, index: int, words: str) -> None:
        """Show a caption under a picture."""
        self._cells[index].write_caption(words)

    def select(self, index: int) -> None:
        """Select the picture with this index."""
        self.selected = self.order.index(index)

    def move(self, columns: int, rows: int) -> None:
        """Move the selection, but not over the edges of the grid."""
        side = side_for(len(self.order))
        column, row = self.selected % side + columns, self.selected // side + rows
        if 0 <= column < side and row >= 0 and row * side + column < len(self.order):
            self.selected = row * side + column

    def watch_selected(self) -> None:
        self._highlight_selected()

    def _highlight_selected(self) -> None:
        for position, index in enumerate(self.order):
            self._cells[index].caption.set_class(position == self.selected, "selected")
