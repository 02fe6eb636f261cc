"""The renderer as the app sees it: started after the first paint, its events queued, its model tracked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from tui.app.model_load import ModelLoad
from tui.app.warm_up import WarmUp

if TYPE_CHECKING:
    from engine.rendering.events import Event
    from engine.rendering.renderer import Renderer
    from engine.rendering.requests import LoadModel
    from tui.app.inbox import Inbox

MAX_NOTICES = 3
"""Sentences about the renderer that are kept until they are read, the newest ones."""


class RendererLink:
    """A renderer, the queue of its events, its warm-up, and what became of the last request to load a model.

    Attributes:
        model_load: What became of that request, as far as `take` has returned the events.
        notices: What happened to the renderer, as sentences that nobody has read yet, oldest first.
        load_seconds: How long the model took that was loaded last.
    """

    _inbox: Inbox

    def __init__(self, make_renderer: Callable[[], Renderer], *, notify: Callable[[], None]) -> None:
        """Prepare the link.

        Args:
            make_renderer: Called once, when the renderer is needed first.
            notify: Called in a thread of the renderer's when events are queued; `take` returns them.
        """
        self.model_load = ModelLoad()
        self.notices: tuple[str, ...] = ()
        self.load_seconds = 0.0
        self._requested = 0.0
        self._make_renderer, self._notify = make_renderer, notify
        self._is_started = False
        self._stage_began = time.monotonic()
        self._warm_up = WarmUp()

    @cached_property
    def renderer(self) -> Renderer:
        """The renderer, made when it is needed first."""
        return self._make_renderer()

    def start(self) -> None:
        """Start the renderer; called once."""
        from tui.app.inbox import Inbox

        self._inbox, self._is_started = Inbox(), True
        self.renderer.start(self.report)

    def take(self) -> tuple[Event, ...]:
        """Return the queued events, oldest first, and note what they say about the model."""
        from engine.rendering.events import RendererNoticed

        events = self._warm_up.without_own(self._inbox.take())
        for event in events:
            before, self.model_load = self.model_load, self.model_load.after(event)
            if self.model_load != before:
                self._stage_began = time.monotonic()
            if self.model_load.ready is not before.ready:
                self.load_seconds = time.monotonic() - self._requested
            if isinstance(event, RendererNoticed):
                self.notices = tuple(dict.fromkeys((*self.notices, event.sentence)))[-MAX_NOTICES:]
        return events

    def count_seconds(self) -> bool:
        """Count how long the stage of the loading takes; return False when nothing is being loaded."""
        if not self.model_load.is_running:
            return False
        self.model_load = replace(self.model_load, seconds=int(time.monotonic() - self._stage_began))
        return True

    def load(self, request: LoadModel) -> None:
        """Request a model at a size, unless just that is loaded or being loaded."""
        if not self.model_load.serves(request):
            self._request(request)

    def warm_up(self) -> None:
        """Take the slow first steps of the loaded model now, while nothing is to be rendered."""
        if self.model_load.ready is not None:
            self._warm_up.start(self.renderer, self.model_load.ready.request)

    def stop_warm_up(self) -> None:
        """Leave the renderer to what is wanted now; it is free after a step."""
        self._warm_up.stop(self.renderer)

    def retry(self) -> None:
        """Request the model again whose loading failed."""
        if self.model_load.failure and self.model_load.request is not None:
            self._request(self.model_load.request)

    def give_up_load(self) -> None:
        """Stop loading the model, which counts as a failure."""
        if self.model_load.is_running:
            from engine.rendering.events import LOADING

            self.renderer.cancel(LOADING)

    async def close(self) -> None:
        """End the renderer, if it was ever started; return when nothing of it is left running."""
        if self._is_started:
            await asyncio.to_thread(self.renderer.close)

    def _request(self, request: LoadModel) -> None:
        self.model_load = ModelLoad(request=request, place=self.model_load.place)
        self._stage_began = self._requested = time.monotonic()
        self.stop_warm_up()
        self.renderer.load(request)

    def report(self, event: Event) -> None:
        """Queue an event of the renderer or of a file that was read; called in any thread."""
        if self._inbox.put(event):
            self._notify()
