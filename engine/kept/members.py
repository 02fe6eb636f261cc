"""What the worker that stays knows of each program, and of the request that its renderer works on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.kept.turns import Entry
from engine.rendering.events import LOADING, Event
from engine.rendering.requests import LoadModel


@dataclass(kw_only=True, slots=True)
class Member:
    """A program.

    Attributes:
        send: Takes its events; never blocks.
        requested: The load of its that was begun last.
        loaded: The load of its that succeeded last.
        place: Its place in the queue, as it was told.
    """

    send: Callable[[Event], None]
    requested: LoadModel | None = None
    loaded: LoadModel | None = None
    place: int = 0

    @property
    def model(self) -> LoadModel | None:
        """What its jobs are rendered with."""
        return self.loaded or self.requested


@dataclass(kw_only=True, slots=True)
class Running:
    """What the renderer works on.

    Attributes:
        client: The number of the program.
        entry: The request; None once the program cancelled it, or left, while its model is being loaded.
        loading: The load that has to end first, or that is the request; None while a job is rendered.
        number: The number of the job in the renderer.
        is_interrupted: The job was stopped in favour of another program, and is rendered again from its beginning.
    """

    client: int
    entry: Entry | None
    loading: LoadModel | None = None
    number: int = LOADING
    is_interrupted: bool = False
