"""The one door between the search and whatever makes pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from engine.rendering.events import Event
from engine.rendering.requests import LoadModel, RenderJob


class Renderer(Protocol):
    """Makes pictures.  All methods return at once; news comes through the callback given to `start`.

    The callback runs in a thread of the renderer's: hand the event on, do nothing else there.
    """

    def start(self, on_event: Callable[[Event], None]) -> None:
        """Begins to run; called once."""

    def load(self, request: LoadModel) -> None:
        """Loads a model, in place of the one before; answered by ModelReady or JobFailed(job=-1)."""

    def render(self, job: RenderJob) -> None:
        """Renders a job after those before it, unless its priority is higher; one that runs is not overtaken.

        Ends with JobDone, JobCancelled or JobFailed.
        """

    def cancel(self, job: int) -> None:
        """Stops a job within one step; a job that is over or unknown is left alone."""

    def cancel_round(self, round_id: int) -> None:
        """Stops every job of a round, those that wait too."""

    def close(self) -> None:
        """Ends all work and joins; returns only when nothing of it is left running."""
