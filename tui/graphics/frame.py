"""An encoded picture, ready for the terminal, and what every encoder needs to make one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from tui.graphics.geometry import Area, Box

if TYPE_CHECKING:
    from textual.strip import Strip

Quality: TypeAlias = Literal["preview", "full", "best"]
"""How much is sent: "preview" is small and rough; "full" has all pixels and few colours; "best" has all colours that
the terminal shows, and is two to five times as long."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """An encoded picture.

    Attributes:
        box: The room that it was encoded for.
        area: The cells of the box that it covers.
        strips: A line of text for each row of the area (plain cells only).
        data: For sixel, the whole sequence, to be written with the cursor on the first cell of the area; for kitty, the
            PNG file in base64.
        size: The number of bytes that drawing it sends, estimated.
    """

    box: Box
    area: Area
    strips: tuple[Strip, ...] = ()
    data: str = ""
    size: int = 0
