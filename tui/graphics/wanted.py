"""What a picture cell wants to show, and what the service needs of a cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from textual.geometry import Region

from engine.rendering.events import Picture
from tui.graphics.frame import Frame, Quality
from tui.graphics.geometry import Box


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """A picture that a cell is to show.

    Attributes:
        picture: The picture.
        box: The room for it.
        quality: "preview" is sent small and rough.
        refined: It is looked at closely: send it in its best quality even if that takes longer (see `refining`).
        generation: The cell counts its clear() calls by it: a frame from before the last one is not shown.
    """

    picture: Picture
    box: Box
    quality: Quality
    generation: int
    refined: bool = False


class Cell(Protocol):
    """What the service needs of a picture cell."""

    @property
    def on_active_screen(self) -> bool:
        """Whether the cell is on the screen that is seen."""

    @property
    def content_region(self) -> Region:
        """The part of the screen that the picture may cover."""

    def present(self, frame: Frame, wanted: Wanted) -> str:
        """Show a frame, and return what has to be written for it."""

    def painted(self) -> str:
        """Return what has to be written after Textual has painted over the cell."""
