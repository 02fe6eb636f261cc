"""The first screen: one line for a prompt, and below it a gallery of earlier searches and pictures.

What is typed goes into the line, whatever has the focus, and filters the gallery at the same time.  Enter in the line
starts a new search with it; in the empty line it resumes the last search.  Down leads into the gallery, Up from its
first row back; Enter there opens.
"""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.reactive import var
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Footer, Input, Static

from tui.app.gallery.rows import Contents, ExampleRow, PictureRow, Row, SessionRow, rows_for
from tui.app.gallery.words import count_words, hint, model_words, preview_words
from tui.app.messages import SourceChosen
from tui.app.model_load import ModelLoad
from tui.app.sources import GalleryPlaces, PictureSource, PromptSource, SessionSource, Source
from tui.app.widgets.line import TextLine
from tui.app.widgets.prompt_line import PromptLine
from tui.app.work import after_first_paint, begin

if TYPE_CHECKING:
    from tui.app.gallery.list import GalleryList
    from tui.app.gallery.preview import Preview

FILTER_SECONDS = 0.05
"""How long the keys pause before the gallery is filtered."""


class ContentsRead(Message):
    """More of the gallery is known; posted by the thread that reads it."""

    def __init__(self, contents: Contents) -> None:
        super().__init__()
        self.contents = contents


class StartScreen(Screen[None]):
    """Asks what to open; the answer is the message SourceChosen.

    Attributes:
        model_load: How far the loading of the model of new prompts is; it stands in a line of its own.
        examples: Prompts that suit the model.
        notice: A sentence on the status line, until the next key; "" for what the keys do here.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+o", "app.open", "open a file"),
        Binding("ctrl+l", "app.choose_model", "model"),
        Binding("f1", "app.help", "help"),
        Binding("ctrl+q", "app.quit", "quit", priority=True),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (64, "-wide")]  # noqa: RUF012 (Textual declares it so)
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high"), (30, "-tall")]  # noqa: RUF012 (Textual declares it so)
    model_load: var[ModelLoad] = var(ModelLoad())
    examples: var[tuple[str, ...]] = var(())
    notice: var[str] = var("")

    def __init__(self, places: GalleryPlaces) -> None:
        """Prepare the screen.

        Args:
            places: Where the searches and the pictures lie.
        """
        super().__init__()
        self._places = places
        self._contents = Contents()
        self._list: GalleryList | None = None
        self._preview: Preview | None = None
        self._folder: Path | None = None
        self._pause: Timer | None = None
        self._is_over = False

    def compose(self) -> ComposeResult:
        yield Static(
            Content.from_markup("[b]warmer[/b]  find the picture you have in mind by varying the one you have"),
            id="title",
        )
        yield TextLine("model")
        yield PromptLine(id="prompt-input")
        yield TextLine("count")
        yield Horizontal(id="gallery")
        yield TextLine("status", more="F1: all of it")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._write_status()
        after_first_paint(self.app, self._begin)

    def on_unmount(self) -> None:
        self._is_over = True

    async def _begin(self) -> None:
        """Bring the gallery, whose imports the first paint does not wait for."""
        if not self.is_attached:  # something was opened meanwhile
            return
        from tui.app.gallery.feed import fill_gallery
        from tui.app.gallery.list import GalleryList
        from tui.app.gallery.preview import Preview
        from tui.app.gallery.thumbnails import Thumbnails
        from tui.app.prompt_history import read_prompts

        self.query_one(PromptLine).prompts = read_prompts(self._places.prompts)
        thumbnails = Thumbnails(self._places.thumbnails)
        self._list, self._preview = GalleryList(thumbnails.get), Preview()
        await self.query_one("#gallery").mount(self._list, self._preview)
        self._fill()
        report = partial(_post, self)
        work = partial(asyncio.to_thread, fill_gallery, self._places, report, lambda: self._is_over)
        begin(self, work, "gallery")

    def on_contents_read(self, message: ContentsRead) -> None:
        self._contents = message.contents
        self._fill()

    def on_key(self, event: events.Key) -> None:
        """Type into the line, whichever widget has the focus."""
        line = self.query_one(PromptLine)
        if line.has_focus:
            return
        if event.is_printable and event.character and (event.key != "space" or line.value):
            event.stop()
            line.focus()
            line.insert_text_at_cursor(event.character)
        elif event.key == "backspace":
            event.stop()
            line.focus()
            line.action_delete_left()

    def on_gallery_list_stepped(self, message: GalleryList.Stepped) -> None:
        """Go from a search to its pictures, and back."""
        row = self._list.row if self._list is not None else None
        if message.is_into and isinstance(row, SessionRow) and self._folder is None:
            self._show_folder(row.folder)
        elif not message.is_into and self._folder is not None:
            self._show_folder(None)

    def on_gallery_list_left(self, message: GalleryList.Left) -> None:
        if message.by_escape and self._folder is not None:
            self._show_folder(None)
        else:
            self.query_one(PromptLine).focus()

    def on_prompt_line_left(self) -> None:
        if self._list is not None and self._list.rows:
            self._list.focus()

    def on_descendant_focus(self) -> None:
        self.notice = ""
        self._write_status()

    def on_input_changed(self) -> None:
        self.notice = ""
        if self._list is not None:
            self._list.cursor = 0
        self._write_status()
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(FILTER_SECONDS, self._fill)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        prompt = message.value.strip()
        if prompt:
            self.post_message(SourceChosen(PromptSource(prompt=prompt)))
        elif self._contents.sessions:
            self.post_message(SourceChosen(_source_of(self._contents.sessions[0])))

    def on_gallery_list_chosen(self, message: GalleryList.Chosen) -> None:
        self.post_message(SourceChosen(_source_of(message.row)))

    def on_gallery_list_moved(self, message: GalleryList.Moved) -> None:
        if message.is_by_key:
            self.notice = ""
        self._write_status()
        self._show_preview(message.row)

    def watch_model_load(self, before: ModelLoad, after: ModelLoad) -> None:
        if after.failure and not before.failure:
            self.notice = after.failure
        self._write_model()

    def watch_examples(self, examples: tuple[str, ...]) -> None:
        for line in self.query(PromptLine):  # none while the screen is being closed
            line.examples = examples
        self._fill()

    def watch_notice(self) -> None:
        self._write_status()

    def _show_folder(self, folder: Path | None) -> None:
        """Show the pictures of one search, or everything again with the cursor where it was."""
        before, self._folder = self._folder, folder
        if self._list is None:
            return
        self._list.cursor = 0
        self._fill()
        if folder is None:
            self._list.select_folder(before)

    def _fill(self) -> None:
        """List what is known and fits the line."""
        typed = self._typed
        rows = rows_for(self._contents, self.examples, typed, self._folder)
        saved = sum(not isinstance(row, ExampleRow) for row in rows)
        self._write("count", count_words(self._contents, saved, typed, self._folder))
        if self._list is not None:
            self._list.rows = rows
            self.set_class(self._list.is_plain, "-plain")
        self._write_status()

    def _show_preview(self, row: Row | None) -> None:
        from tui.app.gallery.place import picture_of

        if self._preview is not None:
            self._preview.show(picture_of(row), "" if row is None else preview_words(row))

    def _write_model(self) -> None:
        self._write("model", model_words(self.model_load))

    def _write_status(self) -> None:
        words = self.notice or hint(
            self._list.row if self._list is not None else None,
            self._typed,
            self._folder,
            in_list=self._list is not None and self._list.has_focus,
            can_resume=bool(self._contents.sessions),
        )
        self._write("status", words)

    @property
    def _typed(self) -> str:
        return next((line.value for line in self.query(PromptLine)), "")

    def _write(self, line_id: str, words: str) -> None:
        """Write a line, unless the screen is being closed."""
        for line in self.query(f"#{line_id}").results(TextLine):
            line.words = words


def _post(screen: StartScreen, contents: Contents) -> None:
    screen.post_message(ContentsRead(contents))


def _source_of(row: Row) -> Source:
    """Return what a row opens."""
    match row:
        case SessionRow(folder=folder, journal=journal):
            return SessionSource(folder=folder, journal=journal)
        case PictureRow(path=path):
            return PictureSource(path=Path(path))
        case ExampleRow(prompt=prompt):
            return PromptSource(prompt=prompt)
