"""Pictures for the benchmarks of `latentpng`, and the reader that `inspect` is compared with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def smooth_rgb(side: int) -> bytes:
    """Return RGB bytes of a square picture that compresses like a photograph, not like noise or a flat area."""
    smooth = np.cumsum(np.random.default_rng(1).normal(size=(side, side, 3)), axis=1)
    return (smooth * 4 % 256).astype(np.uint8).tobytes()


def open_with_pillow(path: str | Path, *, complete: bool = False) -> object:
    """Read the header and the texts of a PNG with Pillow.

    Args:
        path: The file.
        complete: Read the texts behind the pixels as well, for which Pillow decodes the picture.
    """
    with Image.open(path) as image:
        return getattr(image, "text") if complete else image.info  # noqa: B009 - PngImageFile alone has it
