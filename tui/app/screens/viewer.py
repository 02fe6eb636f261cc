"""One picture as large as the terminal allows; arrows and digits go through the grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static

from engine.search.running import PARENT
from engine.search.store import Finished
from tui.app.widgets.picture import PictureCell

if TYPE_CHECKING:
    from tui.app.screens.search import SearchScreen


class ViewerScreen(Screen[int | None]):
    """Shows the pictures of a grid one by one; ends with the position that was picked, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,v,q", "close", "back", key_display="esc"),
        Binding("enter", "pick", "pick this one"),
        Binding("left", "move(-1)", "before"),
        Binding("right", "move(1)", "next"),
        *(Binding(str(digit), f"go({digit})", "show", show=digit == 1, key_display="1-9") for digit in range(1, 10)),
    ]

    def __init__(self, search: SearchScreen) -> None:
        super().__init__()
        self._search = search
        self._position = search.grid.selected
        self._shown: Finished | None = None

    def compose(self) -> ComposeResult:
        yield PictureCell()
        yield Static("", id="status", markup=False)
        yield Footer()

    def on_mount(self) -> None:
        self._show()
        self.set_interval(0.25, self._show_news)

    def _show_news(self) -> None:
        """A picture that was still rendering may be done by now."""
        if self._search.finished(self._place) is not self._shown:
            self._show()

    def action_close(self) -> None:
        self._search.grid.select(self._place)
        self.dismiss(None)

    def action_pick(self) -> None:
        self.dismiss(self._place)

    def action_move(self, by: int) -> None:
        self._position = (self._position + by) % len(self._search.grid.order)
        self._show()

    def action_go(self, digit: int) -> None:
        if digit <= len(self._search.grid.order):
            self._position = digit - 1
            self._show()

    @property
    def _place(self) -> int:
        order = self._search.grid.order  # may have become smaller under this screen
        return order[min(self._position, len(order) - 1)]

    def _show(self) -> None:
        finished = self._shown = self._search.finished(self._place)
        what = "the parent" if self._place == PARENT else f"candidate {self._position + 1}"
        cell = self.query_one(PictureCell)
        if finished is None:
            cell.clear()
            what += " is not done yet"
        else:
            cell.show(finished.picture)
        self.query_one("#status", Static).update(Content(f" {what}"))
