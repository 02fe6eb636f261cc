"""One job from start to end for a script: a renderer started, progress shown, every picture handed on at once."""

from __future__ import annotations

import json
import os
import queue
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from engine.errors import Cancelled, InvalidRequest, ModelProblem, RenderProblem
from engine.events import (
    Event,
    Failure,
    JobCancelled,
    JobDone,
    JobFailed,
    LoadingProgressed,
    ModelReady,
    PictureRendered,
    StepDone,
    WorkerDied,
)
from engine.plan import RenderJob
from engine.renderer import Renderer
from latentpng.errors import UnwritableFile
from latentpng.files import write_picture
from latentpng.record import Json
from latentpng.text import plain
from tui.options import Target

JOB = 1

MakeJob = Callable[[ModelReady], RenderJob]


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

    def entries(self, entries: Mapping[str, Json]) -> None:
        """One JSON object on a line of its own."""
        _print(json.dumps(dict(entries), sort_keys=True))


def _print(line: str) -> None:
    try:
        print(line, flush=True)  # noqa: T201 (stdout is for results)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def rendered(renderer: Renderer, target: Target, make_job: MakeJob, quiet: bool = False) -> Iterator[PictureRendered]:
    """Every picture of a job as it is done.  ModelProblem, RenderProblem; the renderer is closed at the end."""
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    renderer.start(events.put)
    try:
        renderer.load(target.load)
        with _Bar(quiet) as bar:
            yield from _pictures(renderer, events, make_job, bar)
    finally:
        renderer.close()


def save(path: Path, event: PictureRendered) -> None:
    """Writes one picture, whole or not at all.  UnwritableFile."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableFile(f"{path}: its folder cannot be made: {error.strerror or error}") from error
    write_picture(path, event.picture.width, event.picture.height, event.picture.rgb, event.record)
    if event.warning:
        say(f"{path}: {event.warning}")


def refuse_overwriting(paths: list[Path], overwrite: bool) -> None:
    """InvalidRequest when a file that is about to be written exists, before any work is done."""
    taken = [path for path in paths if os.path.lexists(path)]
    if taken and not overwrite:
        raise InvalidRequest(f"{taken[0]}: this file exists already; choose another --out, or add --overwrite")


def say(text: str) -> None:
    """A line for the person, on stderr; it may hold words from a file."""
    print(plain(text), file=sys.stderr, flush=True)  # noqa: T201 (stdout is for results)


def _pictures(
    renderer: Renderer, events: queue.SimpleQueue[Event], make_job: MakeJob, bar: _Bar
) -> Iterator[PictureRendered]:
    while True:
        match events.get():
            case LoadingProgressed(stage=stage):
                bar.stage(stage)
            case ModelReady() as ready:
                job = make_job(ready)
                bar.begin(len(job.tasks))
                renderer.render(job)
            case StepDone(indices=indices, steps=steps):
                bar.step(len(indices) / steps)
            case PictureRendered() as event:
                yield event
            case JobDone():
                return
            case JobCancelled():
                raise Cancelled("cancelled")
            case JobFailed(failure=Failure.MODEL, sentence=sentence):
                raise ModelProblem(sentence)
            case JobFailed(sentence=sentence) | WorkerDied(sentence=sentence):
                raise RenderProblem(sentence)
            case _:
                pass


class _Bar:
    """Progress on stderr: a bar on a terminal, a line a stage elsewhere."""

    def __init__(self, quiet: bool) -> None:
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

    def begin(self, pictures: int) -> None:
        self._progress.reset(self._task, description="pictures", total=pictures)
        if self._lines:
            say(f"rendering {pictures} picture{'s' if pictures > 1 else ''}")

    def step(self, pictures: float) -> None:
        self._progress.advance(self._task, pictures)
