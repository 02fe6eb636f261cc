"""A list of any length of which only what is seen is drawn: each place of the window shows one row with a thumbnail.

Texts follow every key at once.  Thumbnails follow when the keys pause: over a slow link a picture takes longer than a
key, and scrolling must not queue them up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.reactive import var
from textual.timer import Timer

from engine.rendering.events import Picture
from tui.app.gallery.loader import PictureLoader
from tui.app.gallery.place import Place, picture_of
from tui.app.gallery.rows import ExampleRow, PictureRow, Row, SessionRow

PAUSE_SECONDS = 0.12
"""How long the keys have to pause before pictures are shown."""
BESIDE = 11
"""Columns of a row beside its words, as in theme.tcss."""
ROW_HEIGHT = 4
"""Lines of a row, as in theme.tcss: a thumbnail of three, and one between two thumbnails."""
PLAIN_HEIGHT = 2
"""Lines of a row where no row has a picture, as in theme.tcss: the prompt, and an empty line."""


class GalleryList(Vertical, can_focus=True):
    """Rows with a cursor.  It says what becomes of the cursor by messages; whoever owns it sets the rows.

    Attributes:
        rows: What is listed.
        cursor: The number of the row under the cursor; 0 when there are no rows.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "open"),
        Binding("right", "step(True)", "its pictures", key_display="→"),
        Binding("left", "step(False)", "all", show=False),
        Binding("escape", "leave", "prompt", key_display="esc"),
        Binding("up", "move(-1)", "move", show=False),
        Binding("down", "move(1)", "move", key_display="↑↓", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("home", "go(0)", "first", show=False),
        Binding("end", "go(-1)", "last", show=False),
    ]
    rows: var[tuple[Row, ...]] = var((), init=False)
    cursor: var[int] = var(0, init=False)

    @dataclass
    class Moved(Message):
        """The cursor stands on a row, or on none when the list is empty; `is_by_key` when it was moved there."""

        row: Row | None
        is_by_key: bool

    @dataclass
    class Chosen(Message):
        """A row was chosen by Enter or by a click."""

        row: Row

    @dataclass
    class Stepped(Message):
        """The pictures of the row are asked for, or everything again."""

        is_into: bool

    class Left(Message):
        """The cursor stood on the first row, and Up was pressed; or Escape was, wherever it stood."""

        def __init__(self, *, by_escape: bool) -> None:
            super().__init__()
            self.by_escape = by_escape

    def __init__(self, load: Callable[[str], Picture]) -> None:
        """Prepare an empty list.

        Args:
            load: As for PictureLoader: returns the thumbnail of a file.
        """
        super().__init__(id="gallery-list")
        self._loader = PictureLoader(self, load, self._loaded)
        self._top = self._count = 0
        self._pause: Timer | None = None

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    @property
    def is_plain(self) -> bool:
        """Whether no row has a picture: only examples are listed."""
        return bool(self.rows) and all(isinstance(row, ExampleRow) for row in self.rows)

    @property
    def places(self) -> tuple[Place, ...]:
        """The places of the window, from the top."""
        return tuple(self.query(Place))[: self._count]

    def select_folder(self, folder: Path | None) -> None:
        """Put the cursor on the search in a folder, if it is listed."""
        for number, row in enumerate(self.rows):
            if isinstance(row, SessionRow) and row.folder == folder:
                self.cursor = number
                return

    def on_resize(self, event: events.Resize) -> None:
        self._make_places(event.size.height)
        self.call_after_refresh(self._draw)

    def watch_rows(self, before: tuple[Row, ...]) -> None:
        self._make_places(self.size.height)
        kept = before[self.cursor] if self.cursor < len(before) else None
        number = _number_of(self.rows, kept) if self.cursor else 0
        self.set_reactive(GalleryList.cursor, number)
        self._draw()
        self.post_message(self.Moved(self.row, is_by_key=False))

    def _make_places(self, height: int) -> None:
        wanted = max(1, height // (PLAIN_HEIGHT if self.is_plain else ROW_HEIGHT))
        places = tuple(self.query(Place))
        if wanted > len(places):
            self.mount(*(Place(number) for number in range(len(places), wanted)))
        for place in places:
            place.display = place.number < wanted
        self._count = wanted

    def watch_cursor(self) -> None:
        self._draw()
        self.post_message(self.Moved(self.row, is_by_key=True))

    def on_focus(self) -> None:
        self._draw()

    def action_move(self, by: int) -> None:
        if by < 0 and self.cursor == 0:
            self.post_message(self.Left(by_escape=False))
        else:
            self._go(self.cursor + by)

    def action_page(self, by: int) -> None:
        self._go(self.cursor + by * max(1, len(self.places) - 1))

    def action_go(self, number: int) -> None:
        self._go(number if number >= 0 else len(self.rows) - 1)

    def action_choose(self) -> None:
        if self.row is not None:
            self.post_message(self.Chosen(self.row))

    def action_step(self, is_into: bool) -> None:
        self.post_message(self.Stepped(is_into))

    def action_leave(self) -> None:
        self.post_message(self.Left(by_escape=True))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._go(self.cursor + 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._go(self.cursor - 1)

    def on_click(self, event: events.Click) -> None:
        for place in self.places:
            if place.region.contains(event.screen_x, event.screen_y) and self._top + place.number < len(self.rows):
                number = self._top + place.number
                if number == self.cursor and event.chain > 1:
                    self.action_choose()
                self._go(number)

    def _go(self, number: int) -> None:
        self.cursor = max(0, min(number, len(self.rows) - 1))

    def _draw(self) -> None:
        """Write all texts, and show the thumbnails after a pause."""
        places = self.places
        if not places:
            return
        self._top = scrolled(self._top, self.cursor, len(places), len(self.rows))
        now = datetime.now()
        for place in places:
            number = self._top + place.number
            place.write(self.rows[number] if number < len(self.rows) else None, now, self.size.width - BESIDE)
            place.set_class(number == self.cursor and bool(self.rows), "selected")
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE_SECONDS, self._want)

    def _want(self) -> None:
        seen = self.rows[self._top : self._top + len(self.places)]
        self._loader.want([file for file in map(picture_of, seen) if file])

    def _loaded(self, file: str, picture: Picture | None) -> None:
        for place in self.places:
            place.show(file, picture)


def scrolled(top: int, cursor: int, places: int, rows: int) -> int:
    """Return the first row of the window when the cursor has moved.

    At an edge the window moves by half of its height: every move of it draws all thumbnails again.

    Args:
        top: The first row until now.
        cursor: The row that has to be seen.
        places: Rows that the window holds.
        rows: The number of rows.
    """
    if not top <= cursor < top + places:
        top = cursor - places // 2 if cursor >= top + places else cursor - (places - 1) // 2
    return max(0, min(top, rows - places))


def _number_of(rows: tuple[Row, ...], kept: Row | None) -> int:
    """Return where a row stands in a new list, so that the cursor stays on it; 0 when it is gone."""
    if kept is None:
        return 0
    identity = _identity(kept)
    return next((number for number, row in enumerate(rows) if _identity(row) == identity), 0)


def _identity(row: Row) -> tuple[str, str]:
    match row:
        case PictureRow(path=path):
            return "picture", path
        case SessionRow(folder=folder, journal=journal):
            return "session", str(folder / journal)
        case ExampleRow(prompt=prompt):
            return "example", prompt
