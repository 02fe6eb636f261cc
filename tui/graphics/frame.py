"""A picture that is ready for the terminal, and what every encoder needs to make one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from PIL import Image

from tui.graphics.geometry import Area, Box

if TYPE_CHECKING:
    from textual.strip import Strip

    from engine.rendering.events import Picture

Quality: TypeAlias = Literal["full", "preview"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """One encoded picture.

    area: the cells it covers in `box`.  strips: a line of text for each row of the area (half-cells only).
    data: sixel: the whole sequence, to be written with the cursor on the area's first cell; kitty: the PNG in base64.
    size: bytes that drawing it sends, about.
    """

    box: Box
    area: Area
    strips: tuple[Strip, ...] = ()
    data: str = ""
    size: int = 0


def to_image(picture: Picture) -> Image.Image:
    """(height, width, RGB), 8 bits."""
    return Image.frombytes("RGB", (picture.width, picture.height), picture.rgb)
