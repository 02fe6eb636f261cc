"""A film that is being made, and how long a picture of it takes."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.film.output import FilmOutput
    from engine.rendering.events import Event


@dataclass(kw_only=True)
class Making:
    """A film that is being made.

    Attributes:
        output: What takes its pictures.
        missing: The indices of the pictures to be rendered.
        jobs: The jobs that are not done yet.
        steps: How far each picture is that is not finished, 0 to 1.
        encoding: What the thread was asked for.
    """

    output: FilmOutput
    missing: tuple[int, ...]
    jobs: set[int] = field(default_factory=set)
    steps: dict[int, float] = field(default_factory=dict)
    encoding: list[Future[None]] = field(default_factory=list)


class PicturePace:
    """How long a picture takes here.

    Attributes:
        seconds: Of each picture of the last job; 0 before the first one is done.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._pictures: dict[int, int] = {}

    def take(self, event: Event) -> None:
        """Take in an event of the renderer."""
        from engine.rendering.events import JobCancelled, JobDone, JobFailed, PictureRendered

        match event:
            case PictureRendered(job=job):
                self._pictures[job] = self._pictures.get(job, 0) + 1
            case JobDone(job=job, seconds=seconds) if job in self._pictures:
                self.seconds = seconds / self._pictures.pop(job)
            case JobCancelled(job=job) | JobFailed(job=job):
                self._pictures.pop(job, None)
            case _:
                pass
