"""Where a candidate differs from its parent, as heat over the candidate: a pure function of two pictures.

The scale of a round may be so small that two pictures look the same side by side.  So the heat is normalised to the
largest differences that there are, but not below what anybody can see; the share of the picture that changes is
measured against a fixed threshold, and can be compared between rounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tui.graphics.images import size_within, to_image, to_picture

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    from engine.rendering.events import Picture

_MAX_SIDE: Final = 384
"""Pixels of the longer side that are compared: more cannot be judged by eye, and a key has to be answered at once."""
_BLUR: Final = 1 / 128
"""The radius of the blur, as a part of the longer side: single pixels are noise, not a change of what is seen."""
_WEIGHTS: Final = (1.0, 0.6, 0.6)
"""What a difference in brightness, in Cb and in Cr counts: the eye sees brightness best."""
_VISIBLE: Final = 8.0
"""Weighted levels of 255 that differ visibly where two pictures are flipped in place."""
_FAINTEST: Final = 4.0
"""Levels that are drawn as the full heat at least, so that rounding is not taken for a change."""
_MOST: Final = 0.99
"""The quantile of the differences that is drawn as the full heat: a few odd pixels do not hide all others."""
_HEAT: Final = ((0, (24, 12, 60)), (90, (140, 30, 110)), (170, (240, 90, 30)), (255, (255, 235, 130)))
"""The colours of the heat, from no difference to the largest, growing in brightness so that it reads without hue."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """How two pictures differ.

    Attributes:
        picture: Heat over the second picture, in its shape.
        share: The part of the picture that differs visibly, from 0 to 1.
    """

    picture: Picture
    share: float


def difference(parent: Picture, candidate: Picture) -> Difference:
    """Return where a candidate differs from its parent.

    Args:
        parent: The parent; where it has a different size, it is scaled to that of the candidate.
        candidate: The candidate.

    Returns:
        The difference; its picture has at most 384 pixels along a side.
    """
    import numpy as np
    from PIL import Image as Pillow

    size = size_within(candidate.width, candidate.height, _MAX_SIDE)
    shown = _image(candidate, size)
    levels = _distance(_image(parent, size), shown)
    heat = np.clip(levels / max(float(np.quantile(levels, _MOST)), _FAINTEST), 0.0, 1.0)
    grey = np.asarray(shown.convert("L"), dtype=np.float32)[..., None] * 0.45
    opacity = np.sqrt(heat)[..., None] * 0.85
    mixed = grey * (1.0 - opacity) + _colours(heat) * opacity
    picture = to_picture(Pillow.fromarray(mixed.round().astype(np.uint8)))
    return Difference(picture=picture, share=float((levels > _VISIBLE).mean()))


def _distance(first: Image, second: Image) -> NDArray[np.float32]:
    """Return the blurred weighted distance of two images at each pixel, in levels of 255."""
    import numpy as np
    from PIL import ImageFilter

    blur = ImageFilter.GaussianBlur(max(first.size) * _BLUR)
    planes = [
        np.asarray(image.filter(blur).convert("YCbCr"), dtype=np.float32) * np.array(_WEIGHTS, dtype=np.float32)
        for image in (first, second)
    ]
    distance: NDArray[np.float32] = np.sqrt(np.square(planes[0] - planes[1]).sum(axis=-1))
    return distance


def _colours(heat: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the colour of each part of the full heat."""
    import numpy as np

    stops = np.array([stop for stop, _ in _HEAT]) / 255.0
    channels = [np.interp(heat, stops, [colour[channel] for _, colour in _HEAT]) for channel in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)


def _image(picture: Picture, size: tuple[int, int]) -> Image:
    from PIL import Image as Pillow

    image = to_image(picture)
    return image if image.size == size else image.resize(size, Pillow.Resampling.BOX, reducing_gap=2.0)
