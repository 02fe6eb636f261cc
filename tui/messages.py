"""Messages between the parts of the app; past tense, frozen contents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from engine.events import Event


@dataclass
class EngineReported(Message):
    """The renderer has news."""

    event: Event


@dataclass
class TroubleFound(Message):
    """Something could not be saved; `sentence` says what."""

    sentence: str


@dataclass
class PlaceChosen(Message):
    """A picture of the grid was clicked."""

    place: int
