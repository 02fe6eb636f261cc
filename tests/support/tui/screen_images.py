"""The app as an image: its text as a terminal shows it, its pictures as one with a graphics protocol does."""

from __future__ import annotations

from typing import Final

from PIL import Image, ImageDraw, ImageFont, ImageOps
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.geometry import Region

from tests.support.tui.driving import Driver
from tui.app.widgets.picture import PictureCell
from tui.graphics.images import to_image

CELL: Final = (9, 18)
"""The pixels of a cell: width and height."""
_FONT, _BOLD = "DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf"
_SIZE: Final = 15
_BACKGROUND, _WORDS = (18, 18, 18), (224, 224, 224)


def screen_image(driver: Driver) -> Image.Image:
    """Return what the screen shows."""
    screen = driver.app.screen
    image = Image.new("RGB", (screen.size.width * CELL[0], screen.size.height * CELL[1]), _BACKGROUND)
    draw = ImageDraw.Draw(image)
    for row, strip in enumerate(screen._compositor.render_strips()):
        column = 0
        for segment in strip:
            _write(draw, (column, row), segment)
            column += cell_len(segment.text)
    for cell in screen.query(PictureCell):
        if cell.picture is not None and cell.content_region:
            _paste(image, cell.content_region, to_image(cell.picture))
    return image


def _write(draw: ImageDraw.ImageDraw, place: tuple[int, int], segment: Segment) -> None:
    style = segment.style or Style()
    words, ground = _colour(style.color, _WORDS), _colour(style.bgcolor, _BACKGROUND)
    if style.reverse:
        words, ground = ground, words
    left, top = place[0] * CELL[0], place[1] * CELL[1]
    draw.rectangle((left, top, left + cell_len(segment.text) * CELL[0] - 1, top + CELL[1] - 1), fill=ground)
    font = ImageFont.truetype(_BOLD if style.bold else _FONT, _SIZE)
    for at, letter in enumerate(segment.text):
        if letter not in " ▀▄█":
            draw.text((left + at * CELL[0], top + 1), letter, font=font, fill=words)


def _paste(image: Image.Image, region: Region, picture: Image.Image) -> None:
    """Paste a picture into the middle of its cell, on the ground that is there."""
    left, top, width, height = (
        region.x * CELL[0],
        region.y * CELL[1],
        region.width * CELL[0],
        region.height * CELL[1],
    )
    image.paste(_BACKGROUND, (left, top, left + width, top + height))
    fitted = ImageOps.contain(picture, (width, height), Image.Resampling.LANCZOS)
    image.paste(fitted, (left + (width - fitted.width) // 2, top + (height - fitted.height) // 2))


def _colour(colour: object, otherwise: tuple[int, int, int]) -> tuple[int, int, int]:
    from rich.color import Color as RichColor

    return Color.from_rich_color(colour).rgb if isinstance(colour, RichColor) and not colour.is_default else otherwise
