"""Messages between the parts of the app; past tense, frozen contents."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message


@dataclass
class EngineReported(Message):
    """The renderer has news; it waits in the app's inbox."""


@dataclass
class TroubleFound(Message):
    """Something could not be saved; `sentence` says what."""

    sentence: str


@dataclass
class PlaceChosen(Message):
    """A picture of the grid was clicked."""

    place: int
