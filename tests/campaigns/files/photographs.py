"""Mutated photographs, given to what decodes them: for an inversion, for a thumbnail, and for an import."""

from __future__ import annotations

import io
from random import Random
from typing import Any

from engine.photos.read import read_photo
from latentpng.foreign.containers.pixels import decode_other
from tests.campaigns.files.contents import bytes_changed
from tests.campaigns.files.mutations import mutated
from tests.campaigns.files.photo_seeds import photo_seeds
from tests.campaigns.files.pixel_counts import megapixels_of
from tests.campaigns.files.trial import Trial
from tests.support.photos.making import two_colours
from tui.app.gallery.thumbnails import read_scaled
from tui.graphics.images import THUMBNAIL_SIDE

_LARGE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("WEBP", {"lossless": True, "method": 0}),
    ("JPEG", {}),
    ("JPEG", {"progressive": True}),
    ("GIF", {}),
    ("PNG", {"compress_level": 1}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("AVIF", {"speed": 10}),
)
_SIZES = (0, 1, 2, 255, 4096, 8192, 8193, 2**15, 2**16 - 1)


class MutatedPhotographs:
    """Gives one mutation after another to the decoders."""

    def __init__(self) -> None:
        """Make the good files."""
        self.good = photo_seeds()

    def __call__(self, trial: Trial, random: Random) -> None:
        """Try one mutation."""
        data = random.choice(self.good)
        for _ in range(random.choice((1, 1, 2, 3, 5))):
            data = _changed(data, random.choice(self.good), random)
        self.read(trial, data)

    def read(self, trial: Trial, data: bytes) -> None:
        """Give a photograph to the decoders."""
        path = trial.file(data, "hostile.img")
        trial.megapixels, _ = megapixels_of(data)
        trial.is_whole = True
        trial.reading("reading a photograph", lambda: read_photo(path))
        trial.reading("reading a thumbnail", lambda: read_scaled(str(path), THUMBNAIL_SIDE))
        trial.reading("decoding for an import", lambda: decode_other(path))


def _changed(data: bytes, other: bytes, random: Random) -> bytes:
    """Change bytes, a size in two or four bytes of either order, or append a part of another file."""
    match random.randrange(6):
        case 0:
            return mutated(data, other, random)
        case 1:
            at = random.randrange(len(data) + 1)
            order = random.choice(("big", "little"))
            return data[:at] + random.choice(_SIZES).to_bytes(random.choice((2, 4)), order) + data[at + 2 :]  # type: ignore[arg-type]  # one of both
        case 2:
            start = random.randrange(len(other) + 1)
            at = random.randrange(len(data) + 1)
            return data[:at] + other[start : start + random.randrange(1, 200)] + data[at:]
        case 3:
            return data + other
        case _:
            return bytes_changed(data, random)


def large(random: Random) -> bytes:
    """Return a photograph with many more pixels than bytes."""
    side = random.choice((2048, 4096, 4097, 8192))
    kind, options = random.choice(_LARGE)
    file = io.BytesIO()
    two_colours(side, side).save(file, kind, **options)
    return file.getvalue()
