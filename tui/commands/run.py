"""Jobs for a script: a renderer started, progress shown, every picture handed on at once, the renderer closed."""

from __future__ import annotations

import json
import os
import queue
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from engine.errors import InvalidRequestError, ModelError, RenderCancelled, RenderError
from engine.rendering.events import (
    LOADING,
    Event,
    Failure,
    JobCancelled,
    JobDone,
    JobFailed,
    LoadingProgressed,
    ModelReady,
    PictureRendered,
    StepDone,
)
from engine.rendering.renderer import Renderer
from engine.rendering.requests import RenderJob
from engine.target import Target
from latentpng.errors import UnwritableFileError
from latentpng.png.files import write_picture
from latentpng.record import Json
from latentpng.text import plain

JOB = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """Where results go: `json_lines` prints an object per picture, else its path alone.

    Nobody reading any more is no reason to stop rendering: the pictures matter, not their list.
    """

    json_lines: bool

    def picture(self, path: Path, event: PictureRendered, **more: Json) -> None:
        """One finished and saved picture."""
        if not self.json_lines:
            _print(str(path))
            return
        record = event.record
        self.entries(
            {
                "path": str(path),
                "node": record.node,
                "pixels": record.pixels,
                "rounds": len(record.lineage.rounds),
                "warning": event.warning,
                **more,
            }
        )

    def line(self, line: str) -> None:
        """One line for a person; it may hold words from a file."""
        _print(plain(line))

    def entries(self, entries: Mapping[str, Json]) -> None:
        """One JSON object on a line of its own."""
        _print(json.dumps(dict(entries), sort_keys=True))


def _print(line: str) -> None:
    try:
        print(line, flush=True)  # noqa: T201 (stdout is for results)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Work:
    """A renderer at work for a script, from start to close: loads models, runs jobs, shows how far it is.

        with Work(renderer, pictures=2) as work:
            work.load(target)
            for event in work.pictures(job): ...

    A job that failed is over, and the next can be asked for, also when it took the worker process with it.
    """

    def __init__(self, renderer: Renderer, *, pictures: int, quiet: bool = False) -> None:
        self._renderer = renderer
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._bar = _Bar(pictures, quiet)

    def __enter__(self) -> Work:
        self._renderer.start(self._events.put)
        self._bar.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.__exit__()
        self._renderer.close()

    def load(self, target: Target) -> ModelReady:
        """Loads a model, in place of the one before.  ModelError, RenderError."""
        self._renderer.load(target.load)
        while True:
            match self._events.get():
                case LoadingProgressed(stage=stage):
                    self._bar.stage(stage)
                case ModelReady() as ready:
                    self._bar.begin()
                    return ready
                case JobFailed(job=job) as failed if job == LOADING:
                    raise _error(failed)
                case _:
                    pass

    def pictures(self, job: RenderJob) -> Iterator[PictureRendered]:
        """Every picture of a job as it is done.  ModelError, RenderError, RenderCancelled."""
        self._renderer.render(job)
        while True:
            match self._events.get():
                case StepDone(job=job.job, indices=indices, steps=steps):
                    self._bar.step(len(indices) / steps)
                case PictureRendered(job=job.job) as event:
                    yield event
                case JobDone(job=job.job):
                    return
                case JobCancelled(job=job.job):
                    raise RenderCancelled("cancelled")
                case JobFailed(job=job.job) as failed:
                    raise _error(failed)
                case _:  # news of a worker that is gone or comes again: its jobs are told by themselves
                    pass


def rendered(renderer: Renderer, target: Target, job: RenderJob, quiet: bool = False) -> Iterator[PictureRendered]:
    """The pictures of one job.  ModelError, RenderError; the renderer is closed at the end."""
    if target.notice:
        say(target.notice)
    with Work(renderer, pictures=len(job.tasks), quiet=quiet) as work:
        work.load(target)
        yield from work.pictures(job)


def save(path: Path, event: PictureRendered) -> None:
    """Writes one picture, whole or not at all.  UnwritableFileError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableFileError(f"{path}: its folder cannot be made: {error.strerror or error}") from error
    write_picture(path, event.picture.width, event.picture.height, event.picture.rgb, event.record)
    if event.warning:
        say(f"{path}: {event.warning}")


def refuse_overwriting(paths: list[Path], overwrite: bool) -> None:
    """InvalidRequestError when a file that is about to be written exists, before any work is done."""
    taken = [path for path in paths if os.path.lexists(path)]
    if taken and not overwrite:
        raise InvalidRequestError(f"{taken[0]}: this file exists already; choose another --out, or add --overwrite")


def say(text: str) -> None:
    """A line for the person, on stderr; it may hold words from a file."""
    print(plain(text), file=sys.stderr, flush=True)  # noqa: T201 (stdout is for results)


def _error(failed: JobFailed) -> ModelError | RenderError:
    return (ModelError if failed.failure is Failure.MODEL else RenderError)(failed.sentence)


class _Bar:
    """Progress on stderr: a bar on a terminal, a line a stage elsewhere."""

    def __init__(self, pictures: int, quiet: bool) -> None:
        self._pictures, self._begun = pictures, False
        console = Console(stderr=True)
        self._lines = not console.is_terminal and not quiet
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=quiet or not console.is_terminal,
        )
        self._task = TaskID(0)

    def __enter__(self) -> _Bar:
        self._progress.start()
        self._task = self._progress.add_task("starting", total=None)
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.stop()

    def stage(self, stage: str) -> None:
        self._progress.update(self._task, description=stage)
        if self._lines:
            say(stage)

    def begin(self) -> None:
        if self._begun:
            self._progress.update(self._task, description="pictures")
            return
        self._begun = True
        self._progress.reset(self._task, description="pictures", total=self._pictures)
        if self._lines:
            say(f"rendering {self._pictures} picture{'s' if self._pictures > 1 else ''}")

    def step(self, pictures: float) -> None:
        self._progress.advance(self._task, pictures)
