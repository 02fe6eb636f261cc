"""A picture that nobody sees: it is rendered while the prompt is typed, so that the first grid does not begin slowly.

The first step after a load waits for memory, kernels and the text encoder.  A picture of two steps takes that time
before somebody waits for it.  Its seed is its own, it is rendered behind everything else, and it is thrown away.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.rendering.events import Event
    from engine.rendering.renderer import Renderer
    from engine.rendering.requests import LoadModel

STEPS = 2
"""Some schedulers cannot take a single step."""
_PRIORITY = -100
_NO_JOB = 0


class WarmUp:
    """At most one warm-up at a time, and one for each model and size that was loaded."""

    def __init__(self) -> None:
        self._job = _NO_JOB
        self._warm: set[Hashable] = set()

    def start(self, renderer: Renderer, loaded: LoadModel) -> None:
        """Render the picture, unless that was done since the model was loaded at this size.

        Args:
            renderer: What renders.
            loaded: The request that it has answered last.
        """
        if self._job != _NO_JOB or loaded.load_key in self._warm:
            return
        from engine.rendering.requests import PictureTask, RenderJob
        from engine.search.running import next_job
        from latentpng.record import Lineage, SeedRoot

        self._job, self._warm = next_job(), {loaded.load_key}
        task = PictureTask(index=0, lineage=Lineage(root=SeedRoot(seed=0)), slot=(1, 0))
        settings = replace(loaded.settings, num_inference_steps=STEPS)
        renderer.render(RenderJob(job=self._job, tasks=(task,), settings=settings, priority=_PRIORITY))

    def stop(self, renderer: Renderer) -> None:
        """Cancel the picture, because something real is to be rendered or loaded."""
        if self._job != _NO_JOB:
            renderer.cancel(self._job)

    def without_own(self, events: tuple[Event, ...]) -> tuple[Event, ...]:
        """Return the events without those of the picture, whatever became of it."""
        if self._job == _NO_JOB:
            return events
        from engine.rendering.events import JobCancelled, JobDone, JobFailed

        own = self._job
        others = tuple(event for event in events if getattr(event, "job", None) != own)
        if any(isinstance(event, JobDone | JobCancelled | JobFailed) and event.job == own for event in events):
            self._job = _NO_JOB
        return others
