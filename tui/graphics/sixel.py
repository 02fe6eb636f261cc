"""Pictures as sixels: six pixel rows a band, a palette of at most 256 colours."""

from __future__ import annotations

from typing import Final

from PIL import Image

from tui.graphics.frame import Frame, Quality
from tui.graphics.geometry import Box, centred, fit

_COLOURS: Final[dict[Quality, int]] = {"full": 192, "preview": 32}
_BAND: Final = 6
_PREVIEW_PIXELS: Final = 96


def encode(image: Image.Image, box: Box, quality: Quality) -> Frame:
    """Scaled here, up or down: a terminal draws sixels pixel for pixel.  Whole bands only, so no cell below is hit."""
    from textual_image._sixel import SixelOptions, image_to_sixels

    width, height = fit(image.width, image.height, box)
    height = max(_BAND, height // _BAND * _BAND)
    scaled = (
        _coarse(image, (width, height))
        if quality == "preview"
        else image.resize((width, height), _filter(image, width))
    )
    few = scaled.quantize(_COLOURS[quality], method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    data = image_to_sixels(few, SixelOptions(colors=256))
    return Frame(box=box, area=centred(width, height, box), data=data, size=len(data))


def _coarse(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Large equal squares make long runs: a preview of a tenth of the bytes."""
    scale = min(1.0, _PREVIEW_PIXELS / max(size))
    small = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
    return image.resize(small, _filter(image, small[0])).resize(size, Image.Resampling.NEAREST)


def _filter(image: Image.Image, width: int) -> Image.Resampling:
    return Image.Resampling.BOX if image.width > 2 * width else Image.Resampling.BICUBIC
