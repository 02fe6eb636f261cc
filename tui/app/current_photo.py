"""The photograph that the app shows: prepared in a thread, inverted once its model is loaded."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import App

from engine.errors import EngineError
from latentpng.errors import LatentPngError
from tui.app.messages import PhotoPrepared, PhotoRefused, SearchOpened
from tui.app.photo_state import NO_JOB, PhotoState
from tui.app.work import begin

if TYPE_CHECKING:
    from engine.invert import InversionChoices, PreparedPhoto
    from engine.options import Options
    from engine.rendering.events import Event
    from engine.rendering.renderer import Renderer
    from engine.rendering.requests import LoadModel
    from tui.app.model_load import ModelLoad
    from tui.app.screens.photo import PhotoScreen


class CurrentPhoto:
    """At most one photograph at a time.

    Attributes:
        screen: Its screen; None when none is shown.
    """

    def __init__(self, app: App[Any]) -> None:
        self.screen: PhotoScreen | None = None
        self._app = app

    def show(self, prepared: PreparedPhoto) -> PhotoScreen:
        """Return the screen of a photograph."""
        from tui.app.screens.photo import PhotoScreen

        self.screen = PhotoScreen(prepared)
        return self.screen

    def leave(self, renderer: Renderer) -> None:
        """Forget the photograph; an inversion that runs is cancelled."""
        self._stop(renderer)
        self.screen = None

    def prepare(self, options: Options, choices: InversionChoices, *, invert: bool) -> None:
        """Prepare the photograph anew in a thread; the answer is PhotoPrepared or PhotoRefused.

        Args:
            options: What the person asked for with new prompts.
            choices: What was chosen.
            invert: It is to be inverted then.
        """
        if self.screen is None or self.screen.prepared is None:
            return
        if invert:
            self.screen.state = PhotoState(is_busy=True)
        begin(self._app, partial(self._prepare, options, self.screen.prepared, choices), "photo", exclusive=True)

    def take_prepared(self, prepared: PreparedPhoto) -> None:
        """Show a photograph that was prepared anew."""
        if self.screen is not None:
            self.screen.prepared = prepared

    def refuse(self, sentence: str) -> None:
        """Say why a photograph cannot be inverted; what was chosen stays."""
        if self.screen is not None:
            self.screen.state = PhotoState(failure=sentence)

    def begin(self, renderer: Renderer, load: ModelLoad) -> None:
        """Send the job to the renderer, if it was asked for and its model is ready."""
        screen = self.screen
        if screen is None or screen.prepared is None or not screen.state.is_busy or screen.state.job != NO_JOB:
            return
        if load.failure:
            screen.state = PhotoState()  # the status line says why
        elif load.ready is not None and _is_for(load.ready.request, screen):
            from engine.search.running import next_job

            number = next_job()
            screen.state = PhotoState(is_busy=True, job=number)
            renderer.render(screen.prepared.job(number))

    def cancel(self, renderer: Renderer) -> None:
        """Go back to the choices; an inversion that runs is cancelled."""
        self._stop(renderer)
        if self.screen is not None:
            self.screen.state = PhotoState()

    def _stop(self, renderer: Renderer) -> None:
        if self.screen is not None and self.screen.state.job != NO_JOB:
            renderer.cancel(self.screen.state.job)

    def take(self, event: Event) -> None:
        """Take in an event; what was found becomes the message SearchOpened."""
        screen = self.screen
        if screen is None or screen.prepared is None:
            return
        state = screen.state.after(event)
        if state.inverted is None or screen.state.inverted is not None:
            screen.state = state
            return
        from engine.open import open_inverted

        try:
            opening = open_inverted(screen.prepared, state.inverted)
        except EngineError as error:
            self.refuse(str(error))
        else:
            screen.state = state
            self._app.post_message(SearchOpened(opening))

    async def _prepare(self, options: Options, before: PreparedPhoto, choices: InversionChoices) -> None:
        from engine.invert import prepare_photo

        try:
            prepared = await asyncio.to_thread(prepare_photo, options, before.photograph, choices)
        except (EngineError, LatentPngError, OSError) as error:
            self._app.post_message(PhotoRefused(str(error)))
        else:
            self._app.post_message(PhotoPrepared(prepared))


def _is_for(request: LoadModel, screen: PhotoScreen) -> bool:
    """Return whether what is loaded is for the photograph as it was chosen last: an earlier choice may come late."""
    prepared = screen.prepared
    return (
        prepared is not None
        and prepared.choices == screen.choices
        and request.load_key == prepared.target.load.load_key
    )
