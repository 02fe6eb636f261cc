"""Draw one frame: a picture fitted to the size of the film, mixed with another one, and words under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

    from engine.rendering.events import Picture

MIN_SIDE, MAX_SIDE = 512, 768
"""The longer side of a film in pixels, unless a width is asked for."""
LINE_PARTS = 14
"""A line of words is so many times lower than the picture over it, but not lower than MIN_LINE."""
MIN_LINE = 14
_FONT_PART, _LINE_PART = 0.72, 0.94
"""How much of the height of a line the letters take, and how much of its width the words may take."""
_BACKGROUND = (18, 18, 18)
_WORDS = (232, 230, 225)


def film_size(width: int, height: int, wanted: int = 0) -> tuple[int, int]:
    """Return the size of a film of pictures.

    Args:
        width: The width of the pictures in pixels.
        height: Their height.
        wanted: The width that is asked for; 0 for that of the pictures, but MIN_SIDE to MAX_SIDE for the longer side.
    """
    longer = max(width, height)
    factor = wanted / width if wanted else min(max(longer, MIN_SIDE), MAX_SIDE) / longer
    return max(1, round(width * factor)), max(1, round(height * factor))


def image_of(picture: Picture, size: tuple[int, int]) -> Image.Image:
    """Return a picture as an image of a size; one of different proportions gets a dark margin."""
    from PIL import Image, ImageOps

    image = Image.frombytes("RGB", (picture.width, picture.height), picture.rgb)
    if image.size == size:
        return image
    return ImageOps.pad(image, size, Image.Resampling.LANCZOS, color=_BACKGROUND)


def mixed(first: Image.Image, second: Image.Image, mix: float) -> Image.Image:
    """Return two images faded into each other, pixel by pixel; mix: how much of the second shows, 0 to 1."""
    from PIL import Image

    return Image.blend(first, second, mix) if mix else first


def line_height(height: int) -> int:
    """Return the height of a line of words under a picture of this height."""
    return max(MIN_LINE, height // LINE_PARTS)


def with_words(image: Image.Image, words: str) -> Image.Image:
    """Return an image with a line of words under it."""
    from PIL import Image, ImageDraw, ImageFont

    line = line_height(image.height)
    whole = Image.new("RGB", (image.width, image.height + line), _BACKGROUND)
    whole.paste(image)
    size = line * _FONT_PART
    too_wide = ImageFont.load_default(size).getlength(words) / (image.width * _LINE_PART)
    font = ImageFont.load_default(size / max(1.0, too_wide))
    place = (image.width / 2, image.height + line / 2)
    ImageDraw.Draw(whole).text(place, words, font=font, fill=_WORDS, anchor="mm")
    return whole
