"""Runs a search against the fake renderer without a screen; waits for conditions and never for time."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from pathlib import Path

from engine.fake import FakeRenderer
from engine.open import Opening, beginning_of, session_for
from engine.options import Options
from engine.rendering.events import Event, ModelReady
from engine.rendering.requests import LoadModel
from engine.resume import open_journal
from engine.search.answers import Answer
from engine.search.folder import PictureFolder
from engine.search.running import Search
from engine.search.sessions import read_session
from engine.search.store import MAX_CACHED_BYTES
from latentpng.shapes import octaves, spatial_shape

TIMEOUT_SECONDS = 20.0
CANDIDATES = 3


class Running:
    """A search that runs, its renderer, and what it reported.

    Attributes:
        search: The search.
        renderer: The fake renderer.
        troubles: What could not be saved, as sentences.
        loads: The models that the search asked for.
    """

    def __init__(
        self,
        opening: Opening,
        folder: Path | PictureFolder,
        *,
        options: Options | None = None,
        keep_all: bool = False,
        renderer: FakeRenderer | None = None,
        is_varied: bool = False,
        drafts: bool = False,
        memory: int = MAX_CACHED_BYTES,
    ) -> None:
        """Begin.

        Args:
            opening: What the search begins with.
            folder: The folder of the session; the index of sessions is written beside it.
            options: What was asked for.
            keep_all: As for `Search`.
            renderer: A renderer with threads; without one, a renderer works inside each call.
            is_varied: As for `session_for`.
            drafts: As for `Search`.
            memory: As for `Search`.
        """
        pictures = folder if isinstance(folder, PictureFolder) else PictureFolder(folder)
        self.renderer = renderer or FakeRenderer(threaded=False)
        self.troubles: list[str] = []
        self.loads: list[LoadModel] = []
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.renderer.start(self._events.put)
        self.renderer.load(opening.beginning.load)
        ready = self._events.get(timeout=TIMEOUT_SECONDS)
        while not isinstance(ready, ModelReady):
            ready = self._events.get(timeout=TIMEOUT_SECONDS)
        session = session_for(opening, options or Options(seed=5), ready, CANDIDATES, is_varied=is_varied)
        self.search = Search(
            beginning_of(opening, session, ready),
            session,
            self.renderer,
            pictures,
            index=pictures.folder.parent / "index.txt",
            keep_all=keep_all,
            drafts=drafts,
            memory=memory,
            on_load=self._load,
            on_event=self._events.put,
            on_trouble=self.troubles.append,
        )

    def tell(self, answer: Answer) -> None:
        """Answer the grid, and wait until the next one is finished."""
        self.search.tell(answer, CANDIDATES)
        self.finish()

    def take_events(self) -> list[int]:
        """Hand the events that are there to the search, and return the indices of the pictures that changed."""
        changed: list[int] = []
        while True:
            try:
                event = self._events.get_nowait()
            except queue.Empty:
                return changed
            if not isinstance(event, ModelReady):
                index = self.search.handle(event)
                changed += [] if index is None else [index]
            elif self.search.is_loading and event.request.load_key == self.search.variant.load.load_key:
                self.search.ready(
                    octaves(event.noise_shape, event.noise_axes), spatial_shape(event.noise_shape, event.noise_axes)
                )

    def until(self, condition: Callable[[], bool]) -> None:
        """Take events until a condition is true."""
        end = time.monotonic() + TIMEOUT_SECONDS
        self.take_events()
        while not condition():
            assert time.monotonic() < end, "the condition did not become true"
            time.sleep(0.002)
            self.take_events()

    def finish(self) -> None:
        """Wait until the grid is finished, or as far as its drafts go."""
        self.until(lambda: not self.search.progress.running and all(map(self._is_shown, range(self.search.size))))

    def _is_shown(self, index: int) -> bool:
        return self.search.finished(index) is not None or self.search.draft(index) is not None

    def rendered(self) -> int:
        """Return how many pictures the renderer was asked for."""
        return sum(len(job.tasks) for job in self.renderer.jobs)

    def close(self) -> None:
        """End the search, and wait until everything is on disk."""
        self.search.stop()
        self.search.wait()
        self.renderer.close()

    def _load(self, request: LoadModel) -> None:
        self.loads.append(request)
        self.renderer.load(request)


def resumed(folder: Path, options: Options | None = None, *, is_varied: bool = False, drafts: bool = False) -> Running:
    """Continue the session of a folder."""
    opening = open_journal(options or Options(), read_session(folder))
    return Running(opening, folder, is_varied=is_varied, drafts=drafts)
