"""The history below the grid: small pictures of the way to the current one, and the tree as lines of text."""

from __future__ import annotations

import asyncio
from functools import partial

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.reactive import var
from textual.widgets import Static

from engine.search.history import NO_NODE, Tree
from engine.search.running import Search
from engine.search.session import Place
from tui.app.history.drawing import Line, SpanKind, draw_history, node_at
from tui.app.history.film import Film, film_of
from tui.app.history.thumbnails import Thumbnails
from tui.app.messages import NodeChosen
from tui.app.widgets.film_cell import FilmCell
from tui.app.work import begin

_STYLES = {
    SpanKind.WAY: "$foreground",
    SpanKind.CURRENT: "bold $text-accent",
    SpanKind.OTHER: "$foreground-muted",
    SpanKind.STROKE: "$foreground-muted",
}


class HistoryLines(Static):
    """The tree as text; a click on a node chooses it."""

    DEFAULT_CSS = "HistoryLines { height: 1fr; width: 1fr; text-wrap: nowrap; }"

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._lines: tuple[Line, ...] = ()

    def write(self, lines: tuple[Line, ...]) -> None:
        """Show lines; nothing is painted when they are the same as before."""
        if lines != self._lines:
            self._lines = lines
            rows = (Content.assemble(*((span.text, _STYLES[span.kind]) for span in line)) for line in lines)
            self.update(Content("\n").join(rows), layout=False)

    def on_click(self, event: events.Click) -> None:
        node = node_at(self._lines, event.x, event.y)
        if node != NO_NODE:
            event.stop()
            self.post_message(NodeChosen(node))


class HistoryStrip(Vertical):
    """The history of a search.

    It adapts to the height that its style sheet or its owner gives it: up to four rows hold text alone, five or more
    hold a filmstrip of small pictures and below it the text.  A cell of the filmstrip belongs to a node, and keeps its
    picture as long as the node is in sight: a pick sends one small picture to the terminal.

    Call `show` after every event that may change the session or finish a picture.  It returns at once, and does next
    to nothing when there is no news.

    Attributes:
        compact: One row of text.
    """

    DEFAULT_CSS = """
    HistoryStrip { height: 6; padding: 0 1; }
    HistoryStrip.compact { height: 1; }
    HistoryStrip > #film { height: 1fr; }
    """
    compact: var[bool] = var(False)

    def __init__(self, *, compact: bool = False) -> None:
        super().__init__()
        self._film, self._lines = Horizontal(id="film"), HistoryLines()
        self._film.display = False
        self._search: Search | None = None
        self._drawn: tuple[Tree, int] | None = None
        self._cells: dict[int, FilmCell] = {}
        self._start = 0
        self._thumbnails = Thumbnails()
        self._unreadable: set[int] = set()
        self._requested: Place | None = None
        self._is_filling = self._has_news = False
        self.set_class(compact, "compact")
        self.set_reactive(HistoryStrip.compact, compact)

    def compose(self) -> ComposeResult:
        yield self._film
        yield self._lines

    def show(self, search: Search) -> None:
        """Show where a search stands."""
        if search is not self._search:
            self.clear()
            self._search = search
        session = search.session
        if self._drawn is None or self._drawn[0] is not session.tree or self._drawn[1] != session.place.node:
            self._draw(search)
        self._fill()

    def clear(self) -> None:
        """Show nothing, and forget the pictures."""
        self._search = self._drawn = self._requested = None
        self._start, self._thumbnails, self._unreadable = 0, Thumbnails(), set()
        self._lines.write(())
        self._lay_out({})

    def watch_compact(self, compact: bool) -> None:
        self.set_class(compact, "compact")

    def on_resize(self) -> None:
        if self._search is not None:
            self._draw(self._search)
            self._fill()

    def _draw(self, search: Search) -> None:
        """Draw the tree in the room that there is."""
        width, height = self.content_size
        if not height:
            return
        tree, current = search.session.tree, search.session.place.node
        self._drawn = tree, current
        settings = search.settings
        film = film_of(tree, current, width, height, aspect=settings.width / settings.height, start=self._start)
        self._start = film.start
        self._film.display = bool(film.shots)
        self._film.styles.height = film.rows
        self._lines.display = film.rows < height
        self._lines.write(draw_history(tree, current, width, height - film.rows))
        self._show_film(film)

    def _show_film(self, film: Film) -> None:
        """Move the cells of the filmstrip to what it shows now: new ones come, those out of sight go."""
        cells = {shot.node: self._cells.get(shot.node) or FilmCell(shot.node) for shot in film.shots}
        for shot in film.shots:
            cells[shot.node].write(shot)
            cells[shot.node].styles.width = film.columns
        self._lay_out(cells)

    def _lay_out(self, cells: dict[int, FilmCell]) -> None:
        known, self._cells = self._cells, cells
        gone = [cell for node, cell in known.items() if node not in cells]
        for cell in gone:
            cell.remove()
        after: FilmCell | None = None
        for node, cell in reversed(cells.items()):
            if node not in known:
                self._film.mount(cell, before=after)
            after = cell

    def _fill(self) -> None:
        """Begin to show the pictures that cells lack; what comes while that is done is looked at afterwards."""
        self._has_news = self._is_filling
        if self._search is not None and not self._is_filling and self._missing(frozenset()):
            self._is_filling = True
            begin(self, partial(self._show_thumbnails, self._search), "thumbnails")

    def _missing(self, tried: frozenset[int]) -> list[int]:
        """Return the nodes whose cells lack their pictures, the newest first."""
        lacking = [node for node, cell in self._cells.items() if not cell.has_picture]
        return [node for node in reversed(lacking) if node not in self._unreadable and node not in tried]

    async def _show_thumbnails(self, search: Search) -> None:
        """Make and show the missing thumbnails one by one, outside the event loop."""
        tried: frozenset[int] = frozenset()
        try:
            while search is self._search and (missing := self._missing(tried)):
                node = missing[0]
                tried |= {node}
                file = search.file(node)
                picture = await asyncio.to_thread(self._thumbnails.make, search, node)
                if search is not self._search:
                    break  # what the other search lacks is looked at below
                if picture is not None and node in self._cells:
                    self._cells[node].show(picture)
                elif picture is None and file is not None:
                    self._unreadable.add(node)  # its file is damaged or gone: do not read it at every event
        finally:
            self._is_filling = False
        if self._has_news:
            self._fill()
        else:
            self._request(search)

    def _request(self, search: Search) -> None:
        """Have the missing pictures rendered once the grid is finished; every answer cancels that."""
        missing = [node for node, cell in self._cells.items() if not cell.has_picture]
        if missing and self._requested is not search.session.place:
            self._requested = search.session.place
            search.render_thumbnails(tuple(reversed(missing)))
