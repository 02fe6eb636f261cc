"""Renders pictures of the tree that are nowhere yet, once the grid is finished; the next answer cancels it."""

from __future__ import annotations

from collections.abc import Callable

from engine.rendering.events import Event, JobCancelled, JobDone, JobFailed, PictureRendered
from engine.rendering.renderer import Renderer
from engine.rendering.requests import PictureTask, RenderJob
from engine.search.grid_work import next_job
from engine.search.history import Node
from engine.search.store import Finished
from latentpng.identity import Key

_NO_JOB = 0
LOW_PRIORITY = -1


class Thumbnails:
    """The pictures of at most one request at a time."""

    def __init__(self, renderer: Renderer, add: Callable[[Key, Finished], None]) -> None:
        """Do nothing yet.

        Args:
            renderer: What renders.
            add: Called with the key of a picture and the picture.
        """
        self._renderer, self._add = renderer, add
        self._job, self._keys = _NO_JOB, tuple[Key, ...]()

    @property
    def is_running(self) -> bool:
        """Whether pictures are being rendered."""
        return self._job != _NO_JOB

    def render(self, nodes: tuple[Node, ...], job_of: Callable[[int, tuple[PictureTask, ...]], RenderJob]) -> None:
        """Begin to render pictures, each alone, as it would be for the grid.

        Args:
            nodes: Their nodes.
            job_of: Returns the job of a number and its tasks.
        """
        if nodes:
            self._job, self._keys = next_job(), tuple(node.key for node in nodes)
            tasks = tuple(PictureTask(index=n, lineage=node.lineage, slot=(1, 0)) for n, node in enumerate(nodes))
            self._renderer.render(job_of(self._job, tasks))

    def cancel(self) -> None:
        """Stop rendering; later events are ignored."""
        if self.is_running:
            self._renderer.cancel(self._job)
            self._job = _NO_JOB

    def handle(self, event: Event) -> None:
        """Take in an event; those of other jobs are ignored."""
        match event:
            case PictureRendered(job=job, index=index) if job == self._job:
                self._add(self._keys[index], Finished(picture=event.picture, record=event.record))
            case JobDone(job=job) | JobCancelled(job=job) | JobFailed(job=job) if job == self._job:
                self._job = _NO_JOB
            case _:
                pass
