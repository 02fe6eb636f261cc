"""Renders pictures of the tree that are nowhere yet, once the grid is finished; the next answer cancels it."""

from __future__ import annotations

from collections.abc import Callable

from engine.rendering.events import Event, JobCancelled, JobDone, JobFailed, PictureRendered
from engine.rendering.renderer import Renderer
from engine.rendering.requests import PictureTask, RenderJob
from engine.rendering.settings import RenderSettings
from engine.search.grid_work import next_job
from engine.search.history import Tree
from engine.search.store import Finished
from latentpng.identity import Key

_NO_JOB = 0
LOW_PRIORITY = -1


class Thumbnails:
    """Pictures that are wanted, and the job that renders some of them."""

    def __init__(
        self,
        renderer: Renderer,
        add: Callable[[Key, Finished], None],
        job_of: Callable[[RenderSettings, int, tuple[PictureTask, ...]], RenderJob],
    ) -> None:
        """Do nothing yet.

        Args:
            renderer: What renders.
            add: Called with the key of a picture and the picture.
            job_of: Returns the job of settings, a number and tasks.
        """
        self._renderer, self._add, self._job_of = renderer, add, job_of
        self._job, self._keys = _NO_JOB, tuple[Key, ...]()
        self._nodes = self._wanted = self._by_hand = tuple[int, ...]()
        self._is_waited_for = False

    @property
    def is_by_hand(self) -> bool:
        """Whether the person waits for pictures that are not there yet."""
        return bool(self._by_hand) or (self.is_running and self._is_waited_for)

    @property
    def is_running(self) -> bool:
        """Whether pictures are being rendered."""
        return self._job != _NO_JOB

    def want(self, nodes: tuple[int, ...], *, by_hand: bool = False) -> None:
        """Want the pictures of these nodes, the most wanted first, and no longer what has not begun.

        Args:
            nodes: The indices of the nodes.
            by_hand: Whether the person waits for them; these, and the others, replace those of their own kind alone.
        """
        if by_hand:
            self._by_hand, self._is_waited_for = nodes, self._is_waited_for and bool(nodes)
        else:
            self._wanted = nodes

    def render(self, tree: Tree, settings_of: Callable[[int], RenderSettings | None]) -> None:
        """Begin to render those that share the settings of the most wanted one; the others follow in a later job.

        Those that the person waits for come in jobs of their own, before the others.
        Each is rendered alone, as it would be for the grid.  Nothing begins while others are being rendered.

        Args:
            tree: The tree of the nodes.
            settings_of: Returns the settings of a node; None for one that need not or cannot be rendered now.
        """
        if self.is_running:
            return
        by_hand, others = (
            {node: settings for node in nodes if (settings := settings_of(node)) is not None}
            for nodes in (self._by_hand, self._wanted)
        )
        wanted = by_hand or others
        first = next(iter(wanted.values()), None)
        chosen = tuple(node for node, settings in wanted.items() if settings == first)
        self._by_hand, self._wanted = (
            tuple(node for node in nodes if node not in chosen) for nodes in (by_hand, others)
        )
        if first is None:
            return
        self._nodes, self._is_waited_for = chosen, bool(by_hand)
        nodes = [tree.nodes[node] for node in self._nodes]
        self._job, self._keys = next_job(), tuple(node.key for node in nodes)
        tasks = tuple(PictureTask(index=n, lineage=node.lineage, slot=(1, 0)) for n, node in enumerate(nodes))
        self._renderer.render(self._job_of(first, self._job, tasks))

    def cancel(self) -> None:
        """Stop rendering, and want nothing; later events are ignored."""
        self._wanted = self._by_hand = ()
        if self.is_running:
            self._renderer.cancel(self._job)
            self._job = _NO_JOB

    def interrupt(self) -> None:
        """Stop rendering what nobody waits for, and still want it."""
        if self.is_running and not self._is_waited_for:
            self._renderer.cancel(self._job)
            self._job, self._wanted = _NO_JOB, (*self._nodes, *self._wanted)

    def handle(self, event: Event) -> None:
        """Take in an event; those of other jobs are ignored."""
        match event:
            case PictureRendered(job=job, index=index) if job == self._job:
                self._add(self._keys[index], Finished(picture=event.picture, record=event.record))
            case JobDone(job=job) | JobCancelled(job=job) | JobFailed(job=job) if job == self._job:
                self._job = _NO_JOB
            case _:
                pass
