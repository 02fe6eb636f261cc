"""The history of a session: its tree and the other pictures of its folder as a list, the chosen one large beside it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from engine.rendering.events import Picture
from engine.search.history import NO_NODE
from engine.search.running import Search
from latentpng.errors import LatentPngError
from latentpng.text import plain
from tui.app.history.files import FolderFiles, other_files
from tui.app.history.rows import Row, RowKind, rows_of
from tui.app.history.thumbnails import picture_of
from tui.app.history.words import node_facts
from tui.app.screens.dialog import Dialog
from tui.app.widgets.line import TextLine
from tui.app.widgets.picture import PictureCell
from tui.app.work import begin

_STYLES = {
    RowKind.WAY: "$foreground",
    RowKind.CURRENT: "bold $text-accent",
    RowKind.OTHER: "$foreground-muted",
    RowKind.FILE: "$foreground-muted italic",
    RowKind.HEADING: "bold $text-primary",
}
_NARROW = 60
"""Columns below which the list stands alone."""
NOT_HERE = "This picture is neither in memory nor in a file. Press Enter to go on from it: then it is rendered."
RENDERED_SOON = "This picture is neither in memory nor in a file. It is rendered as soon as the grid is finished."


class HistoryScreen(Dialog[int | Path | None]):
    """Asks where to go on; ends with the index of a node, with a file to open, or with None."""

    DEFAULT_CSS = """
    HistoryScreen #history-list { width: 45%; max-width: 64; height: 1fr; border: none; padding: 0 1; background: $background; text-wrap: nowrap; text-overflow: ellipsis; }
    HistoryScreen #history-list > .option-list--option-highlighted { color: $foreground; background: $primary 30%; text-style: bold; }
    HistoryScreen #history-side { width: 1fr; padding: 0 1; }
    HistoryScreen #history-note { height: 1fr; width: 100%; display: none; content-align: center middle; color: $text-muted; }
    HistoryScreen.no-picture PictureCell { display: none; }
    HistoryScreen.no-picture #history-note { display: block; }
    HistoryScreen #history-facts { height: 5; width: 100%; color: $text-muted; }
    HistoryScreen.narrow #history-side { display: none; }
    HistoryScreen.narrow #history-list { width: 100%; }
    """  # noqa: E501 (a rule of a style sheet is one line)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "go on from here", key_display="enter", priority=True),
        Binding("s", "starred", "only starred"),
        Binding("f", "files", "other files"),
        Binding("escape,h,q", "cancel", "back", key_display="esc"),
        Binding("question_mark,f1", "app.help", "help", key_display="?"),
    ]

    def __init__(self, search: Search) -> None:
        """Prepare the screen.

        Args:
            search: The search whose session is shown.
        """
        super().__init__()
        self._search = search
        self._others = FolderFiles()
        self._rows: tuple[Row, ...] = ()
        self._only_starred, self._with_files = False, True
        self._wanted: Row | None = None
        self._lacking: Row | None = None
        self._is_looking = False

    def compose(self) -> ComposeResult:
        yield TextLine("where")
        with Horizontal():
            yield OptionList(id="history-list", markup=False)
            with Vertical(id="history-side"):
                yield PictureCell()
                yield Static("", id="history-note", markup=False)
                yield Static("", id="history-facts", markup=False)
        yield TextLine("status")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self._list.focus()
        self._fill()
        begin(self, self._find_files, "files")

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width < _NARROW, "narrow")

    def on_option_list_option_highlighted(self, message: OptionList.OptionHighlighted) -> None:
        self._look_at(self._rows[message.option_index])

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        self._end_with(self._rows[message.option_index])

    def action_choose(self) -> None:
        if self._list.highlighted is not None:
            self._end_with(self._rows[self._list.highlighted])

    def action_starred(self) -> None:
        self._only_starred = not self._only_starred
        self._fill()

    def action_files(self) -> None:
        self._with_files = not self._with_files
        self._fill()

    def action_cancel(self) -> None:
        self.dismiss(None)

    @property
    def _has_widgets(self) -> bool:
        """False while the screen is being left."""
        return all(self.query(kind) for kind in (OptionList, PictureCell, TextLine, Static))

    @property
    def _list(self) -> OptionList:
        return self.query_one(OptionList)

    def _end_with(self, row: Row) -> None:
        if row.path is not None:
            self.dismiss(row.path)
        elif row.node != NO_NODE:
            self.dismiss(row.node if row.kind is not RowKind.CURRENT else None)

    def _fill(self) -> None:
        """Write the list anew; the row under the cursor stays under it, if it is still there."""
        session = self._search.session
        nodes = range(len(session.tree.nodes))
        saved = {node: file for node in nodes if (file := self._search.file(node)) is not None}
        others = self._others.files if self._with_files else ()
        before = self._wanted
        self._rows = rows_of(session.tree, session.place.node, saved, others, only_starred=self._only_starred)
        self._list.set_options(Option(_content(row), disabled=row.kind is RowKind.HEADING) for row in self._rows)
        self._list.highlighted = _position(self._rows, before)
        self.query_one("#where", TextLine).words = self._title()
        self.query_one("#status", TextLine).words = self._status()

    def _title(self) -> str:
        nodes = self._search.session.tree.nodes
        starred = sum(node.is_starred for node in nodes)
        words = [f"history: {_counted(len(nodes), 'picture')}"]
        words += [f"{starred} starred"] if starred else []
        words += [f"{_counted(len(self._others.files), 'other file')} in the folder"] if self._others.files else []
        return " · ".join(words)

    def _status(self) -> str:
        if self._only_starred:
            is_empty = not any(node.is_starred for node in self._search.session.tree.nodes)
            empty = "no picture is starred yet: * stars one on the grid; "
            return f"{empty if is_empty else 'only starred pictures and the current one; '}s shows all"
        if not self._with_files:
            return "other files are hidden; f shows them"
        if self._others.left_out:
            return (
                f"the newest {len(self._others.files):,} other files; {self._others.left_out:,} older ones are left out"
            )
        return "Enter on a picture goes on from there; what came after it stays in the history"

    async def _find_files(self) -> None:
        session = self._search.session
        known = [file for node in range(len(session.tree.nodes)) if (file := self._search.file(node)) is not None]
        self._others = await asyncio.to_thread(other_files, self._search.folder, session.tree, known)
        if self._others.files and self._has_widgets:
            self._fill()

    def _look_at(self, row: Row) -> None:
        """Show the picture of a row as soon as it is read; the newest row wins."""
        self._wanted = row
        self.query_one("#history-facts", Static).update(Content(self._facts(row)), layout=False)
        if not self._is_looking:
            self._is_looking = True
            begin(self, self._show_wanted, "look")

    def take_news(self) -> None:
        """Show the picture under the cursor if it was missing, and is rendered now."""
        row = self._lacking
        picture = self._search.picture(row.node) if row is not None and row is self._wanted else None
        if row is not None and picture is not None:
            self._show(row, picture)

    async def _show_wanted(self) -> None:
        shown: Row | None = None
        try:
            while (row := self._wanted) is not None and row is not shown:
                picture = await asyncio.to_thread(self._picture, row)
                shown = row
                if row is self._wanted:
                    self._show(row, picture)
        finally:
            self._is_looking = False

    def _picture(self, row: Row) -> Picture | None:
        """Return the picture of a row from memory or from its file; runs in a thread."""
        if row.path is None:
            return picture_of(self._search, row.node)
        from latentpng.png.files import read_picture

        try:
            width, height, rgb = read_picture(row.path)
        except LatentPngError:
            return None
        return Picture(width=width, height=height, rgb=rgb)

    def _show(self, row: Row, picture: Picture | None) -> None:
        if not self._has_widgets:
            return  # the screen was left while the picture was read
        self.set_class(picture is None, "no-picture")
        self._lacking = row if picture is None and row.path is None else None
        cell = self.query_one(PictureCell)
        if picture is not None:
            cell.show(picture)
        else:
            cell.clear()
            self.query_one("#history-note", Static).update(Content(self._reason(row)))

    def _reason(self, row: Row) -> str:
        """Return why a row shows no picture, after that of a node was asked for where it can be rendered."""
        if row.path is not None:
            return "This file cannot be read as a picture."
        if not self._search.can_render(row.node):
            return NOT_HERE
        self._search.render_thumbnails((row.node,), by_hand=True)
        return RENDERED_SOON

    def _facts(self, row: Row) -> str:
        if row.path is not None:
            return f"{row.words} · {row.note}"
        tree = self._search.session.tree
        node, file = tree.nodes[row.node], self._search.file(row.node)
        lines = [
            node_facts(tree, row.node),
            f"{_counted(node.picks, 'pick')} and {_counted(node.rounds, 'round')} from the start",
            plain(str(file), 200) if file is not None else "not saved in a file",
        ]
        return "\n".join(filter(None, lines))


def _content(row: Row) -> Content:
    note = (f"  {row.note}", "$foreground-muted") if row.note else ""
    return Content.assemble((row.lead, "$foreground-muted"), (row.words, _STYLES[row.kind]), note)


def _position(rows: tuple[Row, ...], before: Row | None) -> int:
    """Return where the cursor goes: to the row that it was on, else to the current picture."""
    same = (
        number
        for number, row in enumerate(rows)
        if before is not None and (row.node, row.path) == (before.node, before.path)
    )
    current = next((number for number, row in enumerate(rows) if row.kind is RowKind.CURRENT), 0)
    return next(same, current)


def _counted(count: int, name: str) -> str:
    return f"{count:,} {name}{'' if count == 1 else 's'}"
