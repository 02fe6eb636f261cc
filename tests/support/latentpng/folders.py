"""A folder of a few different pictures, and pictures that differ from another in one thing."""

from __future__ import annotations

import os
from pathlib import Path

from latentpng.png.chunks import SIGNATURE, build
from latentpng.png.files import write_picture
from latentpng.png.pixels import encode_pixels
from latentpng.record import Json, LatentRecord, Round
from tests.support.latentpng import independent
from tests.support.latentpng.pictures import RGB, SIDE, altered, seeded_record, tensor_record


def four_pictures(folder: Path) -> None:
    """Write four pictures: a lighthouse, a cat, one with a tensor root, and one without a latent."""
    steps = tuple(Round(seed=seed, scale=scale, of=4, marks=(1,)) for seed, scale in ((1, 0.5), (2, 0.25), (3, 0.125)))
    house: dict[str, Json] = {
        "prompt": "A Lighthouse", "negative_prompt": "fog", "steps": 20, "guidance": 2.5, "width": 64, "height": 32,
        "model": {"name": "Embedded"}, "scheduler": {"name": "DDIM"},
    }  # fmt: skip
    record = seeded_record(steps)
    write_picture(folder / "house.png", SIDE, SIDE, RGB, with_settings(record, house))
    write_picture(folder / "cat.png", SIDE, SIDE, RGB, seeded_record(steps[:1]))
    write_picture(folder / "tensor.png", SIDE, SIDE, RGB, tensor_record())
    (folder / "plain.png").write_bytes(encode_pixels(SIDE, SIDE, RGB))
    for number, name in enumerate(("tensor", "house", "cat", "plain")):
        os.utime(folder / f"{name}.png", (0, 1_700_000_000 + 86_400 * number))


def with_settings(record: LatentRecord, settings: dict[str, Json]) -> LatentRecord:
    """Return a record of the same noise with other settings."""
    return altered(record, settings=settings, software={})


def with_other_pixels(png: bytes, rgb: bytes) -> bytes:
    """Return a PNG with all chunks of another, except that its pixels are these; SIDE x SIDE of them."""
    pixels = dict(independent.png_chunks(encode_pixels(SIDE, SIDE, rgb)))[b"IDAT"]
    chunks = independent.png_chunks(png)
    return SIGNATURE + b"".join(build(kind, pixels if kind == b"IDAT" else data) for kind, data in chunks)
