"""Several renderers behind one: whole micro-batches are dealt out, and a member that dies gives its own back.

Bits depend on (n, slot), never on which member rendered a picture, so every task is dealt with its slot.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.rendering.events import Event
from engine.rendering.renderer import Renderer
from engine.rendering.requests import Job, LoadModel


class PoolRenderer:
    """A Renderer whose members, renderers themselves, share the work.  Members may join and leave at any time."""

    def __init__(self, *, is_strict: bool = False) -> None:
        """Begin without members: what is asked for waits for the first one.

        Args:
            is_strict: Refuse members that differ from the first one in their model, software or device model.
        """

    def add(self, name: str, member: Renderer, device: str = "auto") -> None:
        """Add a member, and start it; it loads the model that was requested last, and takes part once it is ready.

        Args:
            name: Its name in messages, for example "cuda:1" or "host-2 cuda:0"; no two members share one.
            member: A renderer that is not started yet.
            device: The device of its loads.
        """
        raise NotImplementedError

    def remove(self, name: str, sentence: str) -> None:
        """Take a member out, and close it; what it was working on goes to the others.

        Args:
            name: Its name; one that is not there is ignored.
            sentence: Why, for the person.
        """
        raise NotImplementedError

    def start(self, on_event: Callable[[Event], None]) -> None:
        """Start to work, as `Renderer.start`."""
        raise NotImplementedError

    def load(self, request: LoadModel) -> None:
        """Load a model in every member, as `Renderer.load`; ready as soon as the first one is."""
        raise NotImplementedError

    def render(self, job: Job) -> None:
        """Render a job, as `Renderer.render`."""
        raise NotImplementedError

    def cancel(self, job: int) -> None:
        """Stop a job within one step."""
        raise NotImplementedError

    def cancel_round(self, round_id: int) -> None:
        """Stop every job of a round."""
        raise NotImplementedError

    def close(self) -> None:
        """Stop all work, and close every member."""
        raise NotImplementedError
