"""What a container of frames is, and which there are.

Pillow's own writers of animations keep every frame in memory.  A container here encodes a frame by itself, so that the
pixels can be forgotten at once; the file is joined from the encoded frames at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """What all frames of an animation share.

    Attributes:
        width: In pixels.
        height: In pixels.
        frames: The number of frames.
        length: The bytes of all encoded frames together.
    """

    width: int
    height: int
    frames: int
    length: int


class Container(Protocol):
    """A format of animations that repeat for ever."""

    def encode(self, image: Image.Image, milliseconds: int, number: int) -> bytes:
        """Return one frame as it stands in the file.

        Args:
            image: The frame, RGB, of the size of the animation.
            milliseconds: How long it is shown.
            number: Its number, from 0.
        """

    def join(self, sheet: Sheet, frames: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the bytes of the file.

        Args:
            sheet: What the frames share.
            frames: The encoded frames, in order.
        """
