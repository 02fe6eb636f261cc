"""Makes films and contact sheets of the search on the screen, with the app's own renderer.

Jobs have a low priority: what the grid still needs comes first.  Frames are encoded in a thread of their own.  Only
what the loaded model can render is rendered: a different model would have to be loaded twice, there and back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import App

from engine.errors import EngineError, InvalidRequestError
from latentpng.errors import LatentPngError
from tui.app.film.making import Making, PicturePace
from tui.app.film.state import FilmChoices, FilmKind, FilmOffer, FilmState
from tui.app.work import begin

if TYPE_CHECKING:
    from engine.rendering.events import Event
    from engine.rendering.renderer import Renderer
    from engine.search.running import Search
    from tui.app.film.subject import FilmSubject
    from tui.app.screens.film import FilmScreen


class Filming:
    """At most one film at a time; it is the `FilmMaker` of the screen."""

    def __init__(self, app: App[Any], *, say: Callable[[str], None]) -> None:
        """Make nothing yet.

        Args:
            app: The app, on which the screen is shown.
            say: Called with a sentence for the status line of the search.
        """
        self._app, self._say = app, say
        self._subject: FilmSubject
        self._renderer: Renderer
        self._search: Search
        self._folder = Path()
        self._screen: FilmScreen | None = None
        self._making: Making | None = None
        self._pace = PicturePace()
        self._thread: ThreadPoolExecutor | None = None

    def open(self, search: Search, renderer: Renderer) -> None:
        """Show the screen for the way to the parent of a search, or say why there is nothing to show.

        Args:
            search: The search.
            renderer: What renders its pictures.
        """
        from engine.search.running import PARENT
        from tui.app.film.subject import FilmSubject
        from tui.app.screens.film import FilmScreen

        finished = search.finished(PARENT)
        if finished is None:
            self._say("this picture is still rendering; export the way to it when it is finished")
            return
        self._subject = FilmSubject(search, finished)
        if len(self._subject.way.stops) < 2:
            self._say("there is no way to show yet: pick a picture first")
            return
        self._renderer, self._search, self._folder = renderer, search, search.folder
        self._screen = FilmScreen(self, finished.picture)
        self._app.push_screen(self._screen, self._left)

    def offer(self, choices: FilmChoices) -> FilmOffer:
        """Return what choices lead to."""
        try:
            plan = self._subject.plan(choices)
        except InvalidRequestError as error:
            return FilmOffer(problem=str(error))
        missing = len(self._subject.missing(plan))
        return FilmOffer(
            notice=self._subject.notice,
            pictures=len(plan.pictures),
            rendered=missing,
            seconds=plan.seconds,
            wait=missing * self._pace.seconds,
        )

    def suggestion(self, kind: FilmKind) -> Path:
        """Return a name in the folder of the search that no file has yet."""
        suffix = ".png" if kind is FilmKind.SHEET else ".webp"
        names = (self._folder / (f"way{suffix}" if number == 1 else f"way-{number}{suffix}") for number in count(1))
        return next(path for path in names if not path.exists())

    def problem_of(self, choices: FilmChoices) -> str:
        """Return why the files of choices cannot be written, as a sentence; "" when they can be."""
        from engine.film.output import check_writable

        try:
            self._subject.output(choices).close()
            for path in filter(None, (choices.film, choices.sheet)):
                check_writable(path)
        except (InvalidRequestError, LatentPngError) as error:
            return str(error)
        except (OSError, ValueError) as error:
            return f"{choices.path}: {getattr(error, 'strerror', None) or error}"
        return ""

    def begin(self, choices: FilmChoices) -> None:
        """Send the jobs to the renderer; the files are written when all pictures are there."""
        plan = self._subject.plan(choices)
        missing = self._subject.missing(plan)
        self._making = making = Making(output=self._subject.output(choices), missing=missing)
        self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="film")
        self._show(FilmState(is_busy=True, total=len(missing)))
        for job in self._subject.jobs(plan):
            making.jobs.add(job.job)
            self._renderer.render(job)
        self._search.stand_aside()
        if not making.jobs:
            self._finish(making)

    def cancel(self) -> None:
        """Stop making the files; nothing is written."""
        self._drop()
        self._show(FilmState())

    def take(self, event: Event) -> None:
        """Take in an event of the renderer."""
        from engine.rendering.events import JobCancelled, JobDone, JobFailed, PictureRendered, StepDone

        self._pace.take(event)
        making = self._making
        if making is None or getattr(event, "job", 0) not in making.jobs:
            return
        match event:
            case StepDone(indices=indices, step=step, steps=steps):
                making.steps.update(dict.fromkeys(indices, step / steps))
            case PictureRendered(index=index, picture=picture):
                making.steps[index] = 1.0
                self._encode(making, partial(making.output.take, index, picture))
                if self._screen is not None:
                    self._screen.show(picture, preview=True)
            case JobDone(job=job):
                making.jobs.discard(job)
                if not making.jobs:
                    self._finish(making)
            case JobFailed(sentence=sentence):
                self._fail(sentence)
                return
            case JobCancelled():
                self._fail("rendering was cancelled")
                return
            case _:
                return
        self._show(FilmState(is_busy=True, done=sum(making.steps.values()), total=len(making.missing)))

    def leave(self) -> None:
        """Forget the screen, which was closed, and drop what is being made."""
        self._drop()
        self._screen = None

    async def close(self) -> None:
        """Drop what is being made, and return when its thread has ended."""
        self._drop()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.shutdown)

    def _encode(self, making: Making, work: partial[None]) -> None:
        if self._thread is not None:
            making.encoding.append(self._thread.submit(work))

    def _finish(self, making: Making) -> None:
        begin(self._app, partial(self._write, making), "film")

    async def _write(self, making: Making) -> None:
        """Write the files after all frames are encoded, and say where they are."""

        def work() -> tuple[Path, ...]:
            for each in making.encoding:
                each.result()
            return () if self._making is not making else making.output.write()

        try:
            paths = await asyncio.wrap_future(self._thread.submit(work)) if self._thread is not None else ()
        except (EngineError, LatentPngError, OSError) as error:
            if self._making is making:
                self._fail(str(error))
            return
        if self._making is making and paths:
            self._drop()
            self._show(FilmState(made=f"saved the way here as {' and '.join(map(str, paths))}"))

    def _fail(self, sentence: str) -> None:
        self._drop()
        self._show(FilmState(failure=sentence))

    def _drop(self) -> None:
        making, self._making = self._making, None
        if making is None:
            return
        for job in making.jobs:
            self._renderer.cancel(job)
        if self._thread is not None:
            self._thread.submit(making.output.close)  # behind what the thread is still encoding

    def _left(self, sentence: str | None) -> None:
        self.leave()
        if sentence:
            self._say(sentence)

    def _show(self, state: FilmState) -> None:
        if self._screen is not None:
            self._screen.state = state
