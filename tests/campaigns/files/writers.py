"""The operations that write pictures, and the files that they need; `kills` kills them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from latentpng import cli
from latentpng.noise.gauss1 import gauss1
from latentpng.png.files import embed_record, write_picture
from latentpng.png.pixels import encode_pixels
from latentpng.png.texts import build_text
from tests.support.latentpng.pictures import seeded_record

FOREIGN = "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512, Model: sd15, Version: v1.10.1"


class LostPictureError(Exception):
    """A picture was lost, or something was left behind."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """Something that writes a picture.

    Attributes:
        act: Does it, in the current folder.
        target: Name of the picture that it writes.
    """

    name: str
    act: Callable[[], object]
    target: str = "a.png"


def operations(side: int) -> Iterator[Operation]:
    """Yield everything that writes pictures; `side` is the size of the saved picture in pixels."""
    rgb, record = picture(side)[::-1], seeded_record()
    yield Operation(name="save", act=lambda: write_picture("a.png", side, side, rgb, record))
    yield command("strip", "a.png")
    yield command("embed", "a.png", "--noise", "noise.npy", "--force")
    yield command("copy", "other.png", "a.png", "--force")
    yield command("import", "foreign.png", "-o", "imported.png", "--force", target="imported.png")


def command(*words: str, target: str = "a.png") -> Operation:
    """Return a command of `latentpng` as an operation; `words` are its arguments."""

    def act() -> None:
        if code := cli.main(words):
            raise LostPictureError(f"{words[0]}: exit code {code}")

    return Operation(name=words[0], act=act, target=target)


def picture(side: int) -> bytes:
    """Return RGB bytes of a square picture that do not compress."""
    return np.random.default_rng(side).bytes(3 * side * side)


def write_files(folder: Path, side: int) -> None:
    """Write the files that the operations need."""
    rgb = picture(side)
    write_picture(folder / "a.png", side, side, rgb, seeded_record(shape=(4, 64, 64)))
    write_picture(folder / "other.png", 8, 8, bytes(192), seeded_record(shape=(4, 32, 32)))
    embed_record(folder / "other.png", seeded_record(shape=(4, 32, 32)))
    np.save(folder / "noise.npy", gauss1(5, 0, 4 * 64 * 64).reshape(4, 64, 64).astype(np.float16))
    png = encode_pixels(side, side, rgb)
    (folder / "foreign.png").write_bytes(png[:33] + build_text("parameters", FOREIGN) + png[33:])
