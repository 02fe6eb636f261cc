"""What the app does about news: of the renderer, of screens, and of work that ran in threads."""

from __future__ import annotations

from pathlib import Path

from tui.app import messages
from tui.app.parts import AppParts
from tui.app.stage import AsksForPrompt


class AppNews(AppParts):
    """The app without its keys: a message arrives here, and a frozen value goes down to a screen."""

    def on_cursor_position(self) -> None:
        self.graphics.on_cursor_position()

    async def on_engine_reported(self) -> None:
        if not self.is_running:
            return  # the app ends: screens are still there, and their widgets are going
        before, events = self.link.notices, self.link.take()
        self.stage.hand_down(self.link.model_load)
        self._prompt_model.remember(self.link.model_load)
        if self.stage.search is not None and not self.stage.search.has_widgets:
            return  # the screen was not laid out yet
        if self.stage.search is not None:
            for event in events:
                self.filming.take(event)
                self.stage.search.take(event)
            await self._begin_if_ready()
            self._show_notices()
        elif self.stage.photo is not None:
            for event in events:
                self._photo.take(event)
            self._photo.begin(self.link.renderer, self.link.model_load)
        elif self.stage.start is not None and self.current.opening is None:
            self.link.warm_up()
        if self.link.notices != before:
            self._show_notices()

    def on_load_retried(self) -> None:
        self.link.retry()
        self.stage.hand_down(self.link.model_load)
        self._load_clock.start()

    def on_load_given_up(self) -> None:
        self.link.give_up_load()

    def on_source_chosen(self, message: messages.SourceChosen) -> None:
        self.link.stop_warm_up()
        self._opener.open(message.source, self._prompt_model.options)

    def on_model_found(self, message: messages.ModelFound) -> None:
        self._prompt_model.take(message)
        for screen in self.screen_stack:
            if isinstance(screen, AsksForPrompt):
                screen.say_model(self._prompt_model.name)
        if self.stage.photo is not None:
            self._photo.cancel(self.link.renderer)  # it would find noise for the model before
            self._photo.prepare(message.options, self.stage.photo.choices, invert=False)
        elif self.stage.start is not None and self.current.opening is None:  # else a search was opened meanwhile
            self._load(message.target)
            if message.target.notice:
                self.stage.say(message.target.notice)
            self._offer_sources()

    async def on_search_opened(self, message: messages.SearchOpened) -> None:
        await self._leave()
        self._load(message.opening.target)
        await self._show(message.opening)
        await self._begin_if_ready()

    async def on_photo_opened(self, message: messages.PhotoOpened) -> None:
        await self._leave()
        self._load(message.prepared.target)
        await self._show(message.prepared)

    def on_photo_changed(self, message: messages.PhotoChanged) -> None:
        self._photo.prepare(self._prompt_model.options, message.choices, invert=False)

    def on_inversion_requested(self, message: messages.InversionRequested) -> None:
        self._photo.prepare(self._prompt_model.options, message.choices, invert=True)

    def on_inversion_cancelled(self) -> None:
        self._photo.cancel(self.link.renderer)

    def on_photo_prepared(self, message: messages.PhotoPrepared) -> None:
        if self.stage.photo is not None:
            self._photo.take_prepared(message.prepared)
            self._load(message.prepared.target)
            self._photo.begin(self.link.renderer, self.link.model_load)

    def on_photo_refused(self, message: messages.PhotoRefused) -> None:
        self._photo.refuse(message.sentence)

    def on_opening_failed(self, message: messages.OpeningFailed) -> None:
        self.stage.refuse(message.sentence)

    def on_saving_failed(self, message: messages.SavingFailed) -> None:
        self.stage.say(f"{message.sentence}; Ctrl+S tries now")

    def on_saving_noticed(self, message: messages.SavingNoticed) -> None:
        self.stage.say(message.sentence)

    def on_opening_cancelled(self) -> None:
        self._opener.cancel()

    def on_copy_requested(self, message: messages.CopyRequested) -> None:
        from tui.app.copies import CopyScreen

        def saved(path: Path | None) -> None:
            if path is not None:
                self.stage.say(f"saved a copy as {path.absolute()}")

        if self.screen is self.stage.search:  # else a key that was typed ahead has opened something
            self.push_screen(CopyScreen(message.finished), saved)

    def on_edit_requested(self, message: messages.EditRequested) -> None:
        if self.stage.search is not None and self.stage.search.search is not None:
            self.editing.request(message.edit, self.stage.search.search)

    def on_edit_refused(self, message: messages.EditRefused) -> None:
        self.editing.refuse(message.sentence)

    async def on_edit_prepared(self, message: messages.EditPrepared) -> None:
        if self.stage.search is not None:
            await self.editing.apply(message.edit, message.edited, self.stage.search)

    def on_film_requested(self) -> None:
        if self.screen is self.stage.search and self.stage.search.search is not None:
            self.filming.open(self.stage.search.search, self.link.renderer)
