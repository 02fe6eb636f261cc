"""Pictures as Pillow images and back, and pictures scaled down; Pillow is imported when it is first needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

    from engine.rendering.events import Picture

THUMBNAIL_SIDE = 192
"""The longer side of a thumbnail in pixels: six rows of a screen of high resolution need no more."""


def to_image(picture: Picture) -> Image.Image:
    """Return a picture as a Pillow image of mode RGB."""
    from PIL import Image

    return Image.frombytes("RGB", (picture.width, picture.height), picture.rgb)


def to_picture(image: Image.Image) -> Picture:
    """Return a Pillow image of mode RGB as a picture."""
    from engine.rendering.events import Picture

    return Picture(width=image.width, height=image.height, rgb=image.tobytes())


def size_within(width: int, height: int, side: int) -> tuple[int, int]:
    """Return width and height scaled down so that the longer one is at most `side`, and none is less than 1."""
    scale = min(1.0, side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def scaled(picture: Picture, side: int) -> Picture:
    """Return a picture whose longer side has at most `side` pixels; one that is no larger is returned as it is."""
    size = size_within(picture.width, picture.height, side)
    if size == (picture.width, picture.height):
        return picture
    return to_picture(to_image(picture).resize(size, reducing_gap=2.0))
