"""The pictures of a round: a grid with one-line captions, beside it perhaps the parent in a large pane."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Grid, Horizontal, Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from engine.rendering.events import Picture
from engine.search.running import PARENT
from tui.app.layout import CAPTION, GAP, PANE_GAP, Arrangement
from tui.app.messages import CellClicked, SelectionMoved
from tui.app.widgets.picture import PictureCell


class GridCell(Vertical):
    """A picture and its caption.

    What changes often (selection, marks, progress) is shown in the caption alone: a border around the picture would
    make the terminal draw the picture again.
    """

    DEFAULT_CSS = """
    GridCell > Static { height: 1; width: 100%; text-align: center; text-wrap: nowrap; color: $text-muted; }
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

    def show(self, picture: Picture, *, preview: bool = False) -> None:
        """Show a picture; nothing is sent when it is shown already."""
        self.picture.show(picture, preview=preview)

    def dim(self) -> None:
        """Darken the picture that is there: it belongs to the round before."""
        self.picture.dim()

    def write_caption(self, words: str) -> None:
        """Show a caption; nothing is painted when it is the same as before."""
        if words != self._written:
            self._written = words
            self.caption.update(Content(words), layout=False)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(CellClicked(self.index))


class PictureGrid(Horizontal):
    """The cells of a round.

    Attributes:
        selected_index: The index of the picture under the cursor; the parent's also when it has a pane.
        arrangement: Where the cells stand; None before the first layout.
    """

    DEFAULT_CSS = """
    PictureGrid { height: 1fr; align: center middle; }
    PictureGrid > Grid { grid-gutter: 0 1; }
    """

    selected_index: reactive[int] = reactive(PARENT, repaint=False)

    def __init__(self) -> None:
        super().__init__()
        self.arrangement: Arrangement | None = None
        self._grid = Grid()
        self._cells: dict[int, GridCell] = {}

    def compose(self) -> ComposeResult:
        yield self._grid

    @property
    def order(self) -> tuple[int, ...]:
        """The index of the picture at each position of the grid, without the pane."""
        return self.arrangement.order if self.arrangement is not None else ()

    async def lay_out(self, arrangement: Arrangement) -> bool:
        """Arrange the cells.

        Args:
            arrangement: Where they stand.

        Returns:
            Whether the cells are new and blank; else the pictures stay, in boxes of a new size.
        """
        before, self.arrangement = self.arrangement, arrangement
        if before == arrangement:
            return False
        is_new = before is None or (before.order, before.has_pane) != (arrangement.order, arrangement.has_pane)
        self._set_sizes(arrangement)
        if not is_new:
            self._set_pane_size(arrangement)
            return False
        # What comes while the old cells are removed and these are mounted is shown in these.
        gone, cells = self._cells, {index: GridCell(index) for index in (*arrangement.order, PARENT)}
        self._cells = cells
        self._set_pane_size(arrangement)
        await self._grid.remove_children()
        if PARENT in gone and gone[PARENT].parent is self:
            await gone[PARENT].remove()
        if self._cells is cells:  # else they were arranged differently meanwhile
            await self._grid.mount_all([cells[index] for index in arrangement.order])
        if arrangement.has_pane and self._cells is cells:
            await self.mount(cells[PARENT])
        if self.selected_index not in self._cells:
            self.selected_index = PARENT
        self._highlight_selected()
        return True

    def holds(self, index: int) -> bool:
        """Return whether a picture has a cell."""
        return index in self._cells

    def show(self, index: int, picture: Picture, *, preview: bool = False) -> None:
        """Show a picture in its cell."""
        self._cells[index].show(picture, preview=preview)

    def dim(self, index: int) -> None:
        """Darken what a cell shows until it shows something else."""
        self._cells[index].dim()

    def prepare(self, index: int, picture: Picture) -> None:
        """Encode a picture that the cell is likely to show next."""
        self._cells[index].picture.prepare(picture)

    def write_caption(self, index: int, words: str) -> None:
        """Show a caption under a picture."""
        self._cells[index].write_caption(words)

    def room(self, index: int) -> tuple[int, int]:
        """Return the columns and rows of the cell of a picture, without its caption; (0, 0) before the first layout."""
        way = self.arrangement
        if way is None:
            return 0, 0
        in_pane = index == PARENT and way.has_pane
        return (way.pane_width, way.pane_height) if in_pane else (way.width, way.height)

    def caption_room(self, index: int) -> int:
        """Return the columns of a caption."""
        if self.arrangement is None:
            return 0
        in_pane = index == PARENT and self.arrangement.has_pane
        return self.arrangement.pane_width if in_pane else self.arrangement.width

    def select(self, index: int) -> None:
        """Select the picture with this index."""
        self.selected_index = index

    def move(self, columns: int, rows: int) -> None:
        """Move the selection, but not over the edges; the pane lies at the right of every row."""
        if self.arrangement is None or not self.order:
            return
        across = self.arrangement.columns
        if self.selected_index not in self.order:  # in the pane: back to where the grid is nearest, else to its start
            self.selected_index = self.order[min(across, len(self.order)) - 1 if columns < 0 else 0]
            return
        position = self.order.index(self.selected_index)
        column, row = position % across + columns, position // across + rows
        is_inside = 0 <= column < across and row >= 0 and row * across + column < len(self.order)
        if is_inside:
            self.selected_index = self.order[row * across + column]
        elif columns > 0 and self.arrangement.has_pane:
            self.selected_index = PARENT

    def watch_selected_index(self) -> None:
        self._highlight_selected()
        self.post_message(SelectionMoved())

    def _set_sizes(self, arrangement: Arrangement) -> None:
        styles, columns, rows = self._grid.styles, arrangement.columns, arrangement.rows
        styles.grid_size_columns, styles.grid_size_rows = columns, rows
        styles.grid_columns = str(max(1, arrangement.width))
        styles.grid_rows = str(arrangement.height + CAPTION)
        styles.width = columns * max(1, arrangement.width) + (columns - 1) * GAP
        styles.height = rows * (arrangement.height + CAPTION)

    def _set_pane_size(self, arrangement: Arrangement) -> None:
        if arrangement.has_pane:
            styles = self._cells[PARENT].styles
            styles.width, styles.height = arrangement.pane_width, arrangement.pane_height + CAPTION
            styles.margin = (0, 0, 0, PANE_GAP)

    def _highlight_selected(self) -> None:
        for index, cell in self._cells.items():
            cell.caption.set_class(index == self.selected_index, "selected")
