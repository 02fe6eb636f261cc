"""Write the golden files of this folder that do not exist yet.

    python tests/vectors/make.py

A golden file never changes, because newer code must read what older code wrote: an existing file is never replaced.
The expected digests are in latentpng/SPEC.md, "Test vectors"; tests/latentpng/test_vectors.py compares both.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from latentpng.chunk.codec import Codec, encode_record
from latentpng.noise.gauss1 import gauss1
from latentpng.noise.replay import record_of, replay
from latentpng.png import files
from latentpng.png.atomic import write_atomically
from latentpng.png.carriers import KIND, encode_carriers
from latentpng.png.chunks import walk
from latentpng.png.open import open_picture
from latentpng.png.pixels import encode_pixels, pixel_digest
from latentpng.record import JsonObject, LatentRecord, Lineage, Round, SeedRoot, TensorRoot

HERE = Path(__file__).parent
SIDE = 32
SETTINGS: JsonObject = {
    "guidance": 2.0,
    "height": SIDE,
    "negative_prompt": "fog",
    "prompt": "a lighthouse, évening ☾",
    "scheduler": {"name": "DDIMScheduler"},
    "steps": 10,
    "width": SIDE,
}


def picture() -> bytes:
    """Return the RGB bytes of a small gradient."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] * 8
    return np.stack((rows, columns, 255 - rows), axis=-1).astype(np.uint8).tobytes()


def seeded() -> LatentRecord:
    """Return a record with every kind of round."""
    rounds = (
        Round(seed=101, scale=0.5),
        Round(seed=102, scale=0.3, of=4, marks=(3,)),
        Round(seed=103, scale=0.25, of=8, marks=(5, 0, 2), bands=(1.0, 0.5, 0.0)),
        Round(seed=2**64 - 1, scale=0.7, of=8, marks=(6, 1), region="0110/1111/0010"),
        Round(seed=0, scale=1.0, of=2, marks=(1,), bands=(0.25, 0.5, 1.0), region="10/01", settings={"steps": 20}),
    )
    return seeded_record(Lineage(root=SeedRoot(seed=7), rounds=rounds), (4, 16, 16), "CHW", settings=SETTINGS)


def tensor() -> LatentRecord:
    """Return a record with a stored root, odd sides, and an unknown key on every level."""
    root = gauss1(99, 5, 2 * 11 * 13).reshape(2, 11, 13).astype(np.float16)
    lineage = Lineage(
        root=TensorRoot(source={"tool": "another", "seed": "5"}, extra={"x-root": 1}),
        rounds=(
            Round(seed=1, scale=0.4, of=3, marks=(2, 0), bands=(0.5, 1.0, 2.0), region="01/11"),
            Round(seed=2, scale=0.1, of=64, marks=(63,), extra={"x-round": [1.5, None]}),
        ),
    )
    noise = replay(lineage, root.shape, "CHW", root)
    return record_of(lineage, noise, axes="CHW", root_tensor=root, software={"latentpng": "0.1.0"})


def recipe() -> LatentRecord:
    """Return the record of a file that stores no tensor."""
    lineage = Lineage(root=SeedRoot(seed=42), rounds=(Round(seed=43, scale=0.3, of=8, marks=(7,)),))
    return seeded_record(lineage, (1, 4, 8, 8), "NCHW")


def raw() -> LatentRecord:
    """Return a record with a root and no rounds."""
    return seeded_record(Lineage(root=SeedRoot(seed=2**64 - 1)), (4, 8, 8), "CHW")


def height_first() -> LatentRecord:
    """Return a record whose last axis is the channels."""
    lineage = Lineage(
        root=SeedRoot(seed=5),
        rounds=(Round(seed=6, scale=0.6, of=2, marks=(0,), bands=(1.0, 0.5, 0.25), region="101/010"),),
    )
    return seeded_record(lineage, (9, 12, 3), "HWC")


def sequence() -> LatentRecord:
    """Return a record without spatial axes."""
    lineage = Lineage(root=SeedRoot(seed=8), rounds=(Round(seed=9, scale=0.2, of=5, marks=(4, 1, 2)),))
    return seeded_record(lineage, (24, 6), "LC")


def prompt() -> LatentRecord:
    """Return a record with rounds that move the prompt alone, the noise alone, and both."""
    rounds = (
        Round(seed=21, scale=0.0, of=4, marks=(2,), prompt_scale=0.5),
        Round(seed=22, scale=0.3, of=3, marks=(2, 0), bands=(1.0, 0.5), prompt_scale=0.25),
        Round(seed=23, scale=0.2, of=8, marks=(7,)),
        Round(seed=24, scale=0.4, prompt_scale=0.7),
    )
    settings = {**SETTINGS, "moved_prompt": "3x5, 7"}
    return seeded_record(Lineage(root=SeedRoot(seed=20), rounds=rounds), (4, 8, 8), "CHW", settings=settings)


def edit() -> LatentRecord:
    """Return a record with two edits: one that changes and adds settings, and one that removes a setting."""
    rounds = (
        Round(seed=41, scale=0.5, of=4, marks=(1,)),
        Round(
            seed=0,
            scale=0.0,
            settings={"prompt": "a lighthouse, évening ☾", "guidance": 2.0, "clip_skip": 2},
            before={"prompt": "a harbour", "guidance": 7.5, "clip_skip": None},
        ),
        Round(seed=42, scale=0.25, of=8, marks=(3, 6)),
        Round(seed=0, scale=0.0, settings={"clip_skip": None}, before={"clip_skip": 2}),
    )
    return seeded_record(Lineage(root=SeedRoot(seed=40), rounds=rounds), (4, 8, 8), "CHW", settings=SETTINGS)


def patchwork() -> LatentRecord:
    """Return a record with two picks by region: of quarters with bands, and of a box and what lies outside it."""
    first = Round(seed=51, scale=0.5, of=8, marks=(3,), bands=(1.0, 0.5, 0.25), region="10/00")
    second = Round(seed=52, scale=0.35, of=4, marks=(2,), region="000/010/000")
    rounds = (
        first,
        replace(first, marks=(5, 0), region="00/01"),
        replace(first, marks=(7,), region="01/00"),
        second,
        replace(second, marks=(0, 3), region="111/101/111"),
    )
    return seeded_record(Lineage(root=SeedRoot(seed=50), rounds=rounds), (4, 16, 16), "CHW", settings=SETTINGS)


def large() -> LatentRecord:
    """Return a record with more values than a file may store."""
    lineage = Lineage(root=SeedRoot(seed=30), rounds=(Round(seed=31, scale=0.5, of=2, marks=(1,)),))
    return seeded_record(lineage, (2, 1025, 1024), "CHW")


def seeded_record(
    lineage: Lineage, shape: tuple[int, ...], axes: str, settings: JsonObject | None = None
) -> LatentRecord:
    """Return the record of a seeded lineage with the gradient's pixels."""
    noise = replay(lineage, shape, axes)
    return record_of(lineage, noise, axes=axes, settings=settings, pixels=pixel_digest(picture()))


def make() -> None:
    """Write the files that are missing."""
    png = encode_pixels(SIDE, SIDE, picture())
    front, rest = png[: png.index(b"IDAT") - 4], png[png.index(b"IDAT") - 4 :]
    for name, record, codec in (
        ("seeded", seeded(), Codec.SPLIT),
        ("tensor", tensor(), Codec.SPLIT),
        ("recipe", recipe(), Codec.RECIPE),
        ("raw", raw(), Codec.RAW),
        ("height-first", height_first(), Codec.SPLIT),
        ("sequence", sequence(), Codec.SPLIT),
        ("prompt", prompt(), Codec.RAW),
        ("edit", edit(), Codec.RAW),
        ("patchwork", patchwork(), Codec.RAW),
        ("large", large(), Codec.RECIPE),
    ):
        carried = encode_carriers(record, encode_record(record, codec), parameters=True)
        write_new(HERE / f"{name}.png", front + carried + rest)
    write_new(HERE / "twin.png", without_chunk(HERE / "seeded.png"))
    write_new(HERE / "stripped.png", files.stripped(HERE / "seeded.png")[0])


def without_chunk(path: Path) -> bytes:
    """Return a file without its latent chunk, as tools leave it that drop private chunks."""
    data = path.read_bytes()
    with open_picture(path) as (stream, size, name):
        latent = next(chunk for chunk in walk(stream, size, name) if chunk.kind == KIND)
    return data[: latent.offset] + data[latent.end :]


def write_new(path: Path, data: bytes) -> None:
    """Write a file, unless it exists."""
    if path.exists():
        sys.stderr.write(f"{path.name} exists and stays as it is\n")
        return
    write_atomically(path, (data,))


if __name__ == "__main__":
    make()
