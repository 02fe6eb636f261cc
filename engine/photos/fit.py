"""Fit a photograph to the size that a model renders: cut, padded, stretched, or the size fitted to the photograph."""

from __future__ import annotations

import math
from enum import StrEnum

from engine.photos.read import Photo

_MULTIPLE = 64
"""Every family accepts sizes that are multiples of it; smaller models accept 8."""
_SMALL = 256
_MOST_ELONGATED = 3.0
"""The largest ratio of two sides that `Fit.SHAPE` chooses: models know no longer pictures."""


class Fit(StrEnum):
    """How a photograph of one shape becomes a picture of another.

    Attributes:
        CROP: Fill the picture, and cut off what stands over on both sides.
        PAD: Show the whole photograph, with its border colours drawn out to the edges.
        STRETCH: Show the whole photograph, distorted.
        SHAPE: Choose a picture of the photograph's shape, at most three times as long as wide, with about as many
            pixels as the model's own size; what is left over is cut off.
    """

    CROP = "crop"
    PAD = "pad"
    STRETCH = "stretch"
    SHAPE = "shape"


def size_for(photo: Photo, size: tuple[int, int], how: Fit) -> tuple[int, int]:
    """Return width and height of the picture to make of a photograph.

    Args:
        photo: The photograph.
        size: The size that was asked for, or the model's own.
        how: How it is fitted; only `Fit.SHAPE` changes the size.
    """
    if how is not Fit.SHAPE:
        return size
    pixels = size[0] * size[1]
    shape = min(max(photo.width / photo.height, 1.0 / _MOST_ELONGATED), _MOST_ELONGATED)
    step = _MULTIPLE if min(size) > _SMALL else 8
    width, height = (
        max(step, round(side / step) * step) for side in (math.sqrt(pixels * shape), math.sqrt(pixels / shape))
    )
    return width, height


def is_cut(photo: Photo, size: tuple[int, int], how: Fit) -> bool:
    """Return whether more than a pixel of two sides of a photograph is cut off.

    Args:
        photo: The photograph.
        size: Width and height of the picture in pixels.
        how: How it is fitted.
    """
    if how is not Fit.CROP:
        return False
    scale = max(size[0] / photo.width, size[1] / photo.height)
    return max(photo.width * scale - size[0], photo.height * scale - size[1]) > 1.0


def fitted(photo: Photo, size: tuple[int, int], how: Fit) -> bytes:
    """Return the pixels of a photograph at a size.

    Args:
        photo: The photograph.
        size: Width and height in pixels, as `size_for` returns them.
        how: How it is fitted.

    Returns:
        height * width * 3 bytes, rows from the top, 8 bits a channel; Lanczos resampling.
    """
    from PIL import Image, ImageOps

    image = Image.frombytes("RGB", (photo.width, photo.height), photo.rgb)
    if how is Fit.STRETCH:
        return image.resize(size, Image.Resampling.LANCZOS).tobytes()
    if how is not Fit.PAD:
        return ImageOps.fit(image, size, Image.Resampling.LANCZOS).tobytes()
    scale = min(size[0] / photo.width, size[1] / photo.height)
    inner = (max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))
    return _padded(image.resize(inner, Image.Resampling.LANCZOS).tobytes(), inner, size)


def _padded(rgb: bytes, inner: tuple[int, int], size: tuple[int, int]) -> bytes:
    """Return a picture in the middle of a larger one, its outermost pixels repeated to the edges."""
    import numpy as np

    pixels = np.frombuffer(rgb, np.uint8).reshape(inner[1], inner[0], 3)
    left, top = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    rest = (size[1] - inner[1] - top, size[0] - inner[0] - left)
    return np.pad(pixels, ((top, rest[0]), (left, rest[1]), (0, 0)), mode="edge").tobytes()
