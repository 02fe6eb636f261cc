"""Pictures as sixels, at most 256 colours.

A sixel picture is a list of bands, six pixel rows each, which a terminal draws pixel for pixel.  So a picture is scaled
to its box and reduced to few colours here; textual-image writes the sequence (see `seams`).
"""

from __future__ import annotations

from typing import Final

from PIL import Image

from tui.graphics.frame import Frame, Quality
from tui.graphics.geometry import Box, centred, fit
from tui.graphics.protocols.palette import reduce
from tui.graphics.protocols.seams import image_to_sixels

REGISTERS: Final = 256
"""The colours that most terminals have."""

_COLOURS: Final[dict[Quality, int]] = {"preview": 32, "full": 192, "best": 256}
_PREVIEW_PIXELS: Final = 64
_BAND: Final = 6


def encode(image: Image.Image, box: Box, quality: Quality, *, registers: int = REGISTERS) -> Frame:
    """Encode a picture as one sixel sequence.

    Args:
        image: The picture, mode RGB.  It is scaled up or down: a terminal draws sixels pixel for pixel.
        box: The room for it.
        quality: "preview" has fewer colours, and is blurred, which makes long runs; "best" is dithered.
        registers: The colours that the terminal has.

    Returns:
        The frame.  Its height is a multiple of six pixels, so that it cannot touch the cells below the box.
    """
    width, height = fit(image.width, image.height, box)
    height = max(_BAND, height // _BAND * _BAND)
    colours = max(2, min(_COLOURS[quality], registers))
    scaled = _scaled(image, (width, height), quality)
    data = image_to_sixels(reduce(scaled, colours, dither=quality == "best" or colours < _COLOURS["preview"]))
    return Frame(box=box, area=centred(width, height, box), data=data, size=len(data))


def _scaled(image: Image.Image, size: tuple[int, int], quality: Quality) -> Image.Image:
    """Return the image at a size; a preview is first made small, so that it is smooth when it is large again."""
    scale = min(1.0, _PREVIEW_PIXELS / max(size)) if quality == "preview" else 1.0
    small = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
    if small < image.size:
        image = image.resize(small, Image.Resampling.BOX if quality == "preview" else Image.Resampling.LANCZOS)
    return image.resize(size, Image.Resampling.BICUBIC)
