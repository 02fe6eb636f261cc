"""Which part of a picture is shown, and how large: pure arithmetic in parts of the picture, from 0 to 1."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.rendering.events import Picture

STEP = 1.5
"""The factor of one press of a key."""
_PAN = 0.25
"""How far one press moves, as a part of what is visible."""
_MIN_PIXELS = 16.0
"""Pixels of the picture that stay visible along its shorter side."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """A picture, and the room that it is shown in.

    Attributes:
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        across: Pixels of the room, from left to right.
        down: Pixels of the room, from top to bottom.
    """

    width: int
    height: int
    across: int
    down: int

    @property
    def fit(self) -> float:
        """Pixels of the room for each pixel of the picture, when the whole picture is shown."""
        return min(self.across / self.width, self.down / self.height)


@dataclass(frozen=True, kw_only=True, slots=True)
class Crop:
    """A part of a picture: its left, top, right and bottom edge, from 0 to 1."""

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Zoom:
    """How a picture is shown.

    Attributes:
        factor: 1 shows the whole picture, as large as possible; 2 twice as large.
        x: The middle of what is visible, from the left edge to the right.
        y: The middle of what is visible, from the top to the bottom.
    """

    factor: float = 1.0
    x: float = 0.5
    y: float = 0.5

    @property
    def is_zoomed(self) -> bool:
        """Whether a part of the picture may be outside."""
        return self.factor > 1.0

    def crop(self, room: Room) -> Crop:
        """Return the part that is visible."""
        across, down = self.visible(room)
        left = min(max(self.x - across / 2, 0.0), 1.0 - across)
        top = min(max(self.y - down / 2, 0.0), 1.0 - down)
        return Crop(left=left, top=top, right=left + across, bottom=top + down)

    def times(self, factor: float, room: Room) -> Zoom:
        """Return the zoom after a key that enlarges or reduces; the middle stays where it is, as far as it can."""
        most = max(1.0, min(room.across, room.down) / _MIN_PIXELS / room.fit)
        return _inside(replace(self, factor=min(most, max(1.0, self.factor * factor))), room)

    def pixels(self, room: Room) -> Zoom:
        """Return the zoom at which a pixel of the picture is a pixel of the screen; never smaller than the window."""
        return _inside(replace(self, factor=max(1.0, 1.0 / room.fit)), room)

    def moved(self, columns: int, rows: int, room: Room) -> Zoom:
        """Return the zoom after an arrow key."""
        across, down = self.visible(room)
        return _inside(replace(self, x=self.x + columns * _PAN * across, y=self.y + rows * _PAN * down), room)

    def visible(self, room: Room) -> tuple[float, float]:
        """Return the parts of the picture's width and height that are visible, from 0 to 1."""
        scale = room.fit * self.factor
        return min(1.0, room.across / (scale * room.width)), min(1.0, room.down / (scale * room.height))


def _inside(zoom: Zoom, room: Room) -> Zoom:
    """Return the same zoom with its middle where it can be: so the first press back moves the picture."""
    across, down = zoom.visible(room)
    return replace(
        zoom,
        x=min(max(zoom.x, across / 2), 1.0 - across / 2),
        y=min(max(zoom.y, down / 2), 1.0 - down / 2),
    )


def cropped(picture: Picture, crop: Crop) -> Picture:
    """Return a part of a picture, at least one pixel of it."""
    if crop == Crop():
        return picture
    from tui.graphics.images import to_image, to_picture

    left, top = int(crop.left * picture.width), int(crop.top * picture.height)
    right = max(left + 1, min(picture.width, round(crop.right * picture.width)))
    bottom = max(top + 1, min(picture.height, round(crop.bottom * picture.height)))
    return to_picture(to_image(picture).crop((left, top, right, bottom)))
