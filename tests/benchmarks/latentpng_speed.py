"""How long noise, replay, writing and reading take, and how many files a second `inspect` reads.

PYTHONPATH=. python tests/benchmarks/latentpng_speed.py
"""

from __future__ import annotations

import math
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from latentpng.chunk.codec import decode_record, encode_record
from latentpng.noise import perturbation
from latentpng.noise import replay as algebra
from latentpng.noise.cache import ArrayCache
from latentpng.noise.gauss1 import gauss1
from latentpng.noise.perturbation import perturb
from latentpng.noise.replay import record_of, replay, root_noise
from latentpng.png.files import read_record, strip, write_picture
from latentpng.record import LatentRecord, Lineage, Round, SeedRoot
from latentpng.reports.show import inspect_file
from latentpng.reports.verify import verify_file
from latentpng.shapes import octaves

SHAPES = ((4, 64, 64), (4, 128, 128), (16, 128, 128))
SIDE = 1024
COPIES = 500


def best(action: Callable[[], object], times: int = 5) -> float:
    """Milliseconds of the fastest run."""
    runs = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        runs.append(time.perf_counter() - start)
    return min(runs) * 1e3


def forget() -> None:
    """Empty the caches, so that a run pays for everything."""
    perturbation._DRAWS, algebra._STATES = ArrayCache(32 * 2**20), ArrayCache(32 * 2**20)


def noise_times(shape: tuple[int, ...]) -> None:
    """gauss1, one round of eight candidates, and a lineage of twenty rounds."""
    state, count = root_noise(1, shape), math.prod(shape)
    bands = (1.0,) * octaves(shape, "CHW")
    steps = tuple(Round(seed=seed, scale=0.3, of=8, marks=(1, 2)) for seed in range(20))
    family = Lineage(root=SeedRoot(seed=1), rounds=steps)

    def grid(bands: tuple[float, ...]) -> None:
        forget()
        for mark in range(8):
            perturb(state, Round(seed=2, scale=0.3, of=8, marks=(mark,), bands=bands), "CHW")

    def twenty() -> None:
        forget()
        replay(family, shape, "CHW")

    print(f"{shape}: gauss1 {best(lambda: gauss1(1, 0, count)):.2f} ms")
    print(f"    grid of 8: {best(lambda: grid(())):.1f} ms, with bands {best(lambda: grid(bands)):.1f} ms")
    print(f"    20 rounds of 8, nothing remembered: {best(twenty, 3):.0f} ms")


def codec_times(shape: tuple[int, ...]) -> None:
    """A record into bytes and back."""
    record = a_record(shape)
    data = encode_record(record)
    encode, decode = best(lambda: encode_record(record)), best(lambda: decode_record(data, ""))
    print(f"    encode {encode:.2f} ms, decode {decode:.2f} ms")


def a_record(shape: tuple[int, ...]) -> LatentRecord:
    """A picture after three rounds."""
    steps = tuple(Round(seed=seed, scale=0.3, of=8, marks=(1,)) for seed in range(3))
    family = Lineage(root=SeedRoot(seed=1), rounds=steps)
    return record_of(family, replay(family, shape, "CHW"), axes="CHW", settings={"prompt": "a cat"})


def file_times(folder: Path) -> None:
    """One picture of 1024 x 1024, and a folder of its copies."""
    smooth = np.cumsum(np.random.default_rng(1).normal(size=(SIDE, SIDE, 3)), axis=1)
    rgb = (smooth * 4 % 256).astype(np.uint8).tobytes()
    path, record = folder / "a.png", a_record((4, 128, 128))
    write = best(lambda: write_picture(path, SIDE, SIDE, rgb, record))
    print(f"write {SIDE} x {SIDE}: {write:.0f} ms, {path.stat().st_size} bytes")
    print(f"read_record {best(lambda: read_record(path)):.2f} ms, verify {best(lambda: verify_file(path)):.0f} ms")
    print(f"strip to a copy {best(lambda: strip(path, folder / 'b.png')):.1f} ms")
    paths = [Path(shutil.copy(path, folder / f"{number}.png")) for number in range(COPIES)]
    ours = best(lambda: [inspect_file(each) for each in paths])
    pillow = best(lambda: [open_by_pillow(each) for each in paths])
    text = best(lambda: [open_by_pillow(each, text=True) for each in paths], 1)
    print(f"inspect: {COPIES / ours * 1e3:.0f} files a second")
    print(
        f"Pillow open: {COPIES / pillow * 1e3:.0f}, with its texts complete: {COPIES / text * 1e3:.0f} files a second"
    )


def open_by_pillow(path: Path, *, text: bool = False) -> object:
    """What `inspect` is compared with."""
    with Image.open(path) as image:
        return getattr(image, "text") if text else image.info  # noqa: B009 - PngImageFile alone has it


if __name__ == "__main__":
    for each in SHAPES:
        noise_times(each)
        codec_times(each)
    with tempfile.TemporaryDirectory() as name:
        file_times(Path(name))
