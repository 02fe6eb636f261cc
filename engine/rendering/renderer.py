"""The interface between the search and whatever makes pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from engine.rendering.events import Event
from engine.rendering.requests import CancelJob, CancelRound, Job, LoadModel


class Renderer(Protocol):
    """Makes pictures.  All methods but `close` return at once; answers arrive as events.

    `engine.renderers` makes those that render; `engine.fake.FakeRenderer` stands in for them in tests.
    """

    def start(self, on_event: Callable[[Event], None]) -> None:
        """Start to work; to be called once.

        Args:
            on_event: Called with every event, in a thread of the renderer: it should only hand the event on.
        """

    def load(self, request: LoadModel) -> None:
        """Load a model in place of the one before; ends with ModelReady, or with JobFailed for the job `LOADING`.

        Args:
            request: The model, and the picture size to report the noise shape for.
        """

    def render(self, job: Job) -> None:
        """Render a job after those before it, unless its priority is higher; a running job is not interrupted.

        It ends with JobDone, JobCancelled or JobFailed.

        Args:
            job: The pictures to render, or the photograph whose noise is to be found.
        """

    def cancel(self, job: int) -> None:
        """Stop a job within one step; does nothing for a job that is over or unknown.

        Args:
            job: The number of the job; `LOADING` gives up the load that is running.
        """

    def cancel_round(self, round_id: int) -> None:
        """Stop every job of a round, also those in the queue.

        Args:
            round_id: The number of the round.
        """

    def close(self) -> None:
        """Stop all work, and return when no thread or process of it is left."""


def hand_over(request: LoadModel | Job | CancelJob | CancelRound, renderer: Renderer) -> None:
    """Call the method of a renderer that a request stands for.

    Args:
        request: The request.
        renderer: A renderer that is started.
    """
    match request:
        case LoadModel():
            renderer.load(request)
        case CancelJob(job=job):
            renderer.cancel(job)
        case CancelRound(round_id=round_id):
            renderer.cancel_round(round_id)
        case job:
            renderer.render(job)
