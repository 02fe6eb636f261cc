"""Animations as Pillow reads them back."""

from __future__ import annotations

from PIL import Image, ImageSequence


def frames_of(film: Image.Image) -> int:
    """Return the number of frames of an animation; it stands at the first one then."""
    number = sum(1 for _ in ImageSequence.Iterator(film))
    film.seek(0)
    return number
