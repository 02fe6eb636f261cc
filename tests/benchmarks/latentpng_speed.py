"""Time the parts of `latentpng`: noise, replay, encoding, writing, reading, `verify` and `inspect`.

    python -m tests.benchmarks.latentpng_speed

Each figure is the fastest of several runs in this process, with empty noise caches where noise is replayed.  The
benchmark prints milliseconds for three shapes of noise and for a picture of 1024 x 1024 pixels, then files a second of
`inspect` and of Pillow's open (the baseline).
"""

from __future__ import annotations

import math
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from latentpng.chunk.codec import decode_record, encode_record
from latentpng.noise.gauss1 import gauss1
from latentpng.noise.perturbation import perturb
from latentpng.noise.replay import record_of, replay, root_noise
from latentpng.png.files import read_record, strip, write_picture
from latentpng.record import LatentRecord, Lineage, Round, SeedRoot
from latentpng.reports.show import inspect_file
from latentpng.reports.verify import verify_file
from latentpng.shapes import octaves
from tests.benchmarks.pngfiles import open_with_pillow, smooth_rgb
from tests.support.latentpng.noise_caches import empty_noise_caches

SHAPES = ((4, 64, 64), (4, 128, 128), (16, 128, 128))
SIDE = 1024
COPIES = 500


def best(action: Callable[[], object], times: int = 5) -> float:
    """Return the milliseconds of the fastest run."""
    runs = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        runs.append(time.perf_counter() - start)
    return min(runs) * 1e3


def noise_times(shape: tuple[int, ...]) -> None:
    """Print the times of gauss1, of one round of eight candidates, and of a lineage of twenty rounds."""
    state, count = root_noise(1, shape), math.prod(shape)
    bands = (1.0,) * octaves(shape, "CHW")
    steps = tuple(Round(seed=seed, scale=0.3, of=8, marks=(1, 2)) for seed in range(20))
    family = Lineage(root=SeedRoot(seed=1), rounds=steps)

    def grid(bands: tuple[float, ...]) -> None:
        empty_noise_caches()
        for mark in range(8):
            perturb(state, Round(seed=2, scale=0.3, of=8, marks=(mark,), bands=bands), "CHW")

    def twenty() -> None:
        empty_noise_caches()
        replay(family, shape, "CHW")

    print(f"{shape}: gauss1 {best(lambda: gauss1(1, 0, count)):.2f} ms")
    print(f"    grid of 8: {best(lambda: grid(())):.1f} ms, with bands {best(lambda: grid(bands)):.1f} ms")
    print(f"    20 rounds of 8, with empty caches: {best(twenty, 3):.0f} ms")


def codec_times(shape: tuple[int, ...]) -> None:
    """Print the times of encoding a record into bytes and of decoding it."""
    record = a_record(shape)
    data = encode_record(record)
    encode, decode = best(lambda: encode_record(record)), best(lambda: decode_record(data, ""))
    print(f"    encode {encode:.2f} ms, decode {decode:.2f} ms")


def a_record(shape: tuple[int, ...]) -> LatentRecord:
    """Return the record of a picture after three rounds."""
    steps = tuple(Round(seed=seed, scale=0.3, of=8, marks=(1,)) for seed in range(3))
    family = Lineage(root=SeedRoot(seed=1), rounds=steps)
    return record_of(family, replay(family, shape, "CHW"), axes="CHW", settings={"prompt": "a cat"})


def file_times(folder: Path) -> None:
    """Print the times of one picture of 1024 x 1024, and how many of its copies are read in a second."""
    rgb = smooth_rgb(SIDE)
    path, record = folder / "a.png", a_record((4, 128, 128))
    write = best(lambda: write_picture(path, SIDE, SIDE, rgb, record))
    print(f"write {SIDE} x {SIDE}: {write:.0f} ms, {path.stat().st_size} bytes")
    print(f"read_record {best(lambda: read_record(path)):.2f} ms, verify {best(lambda: verify_file(path)):.0f} ms")
    print(f"strip to a copy {best(lambda: strip(path, folder / 'b.png')):.1f} ms")
    paths = [Path(shutil.copy(path, folder / f"{number}.png")) for number in range(COPIES)]
    inspect = best(lambda: [inspect_file(each) for each in paths])
    pillow = best(lambda: [open_with_pillow(each) for each in paths])
    complete = best(lambda: [open_with_pillow(each, complete=True) for each in paths], 1)
    print(f"inspect: {COPIES / inspect * 1e3:.0f} files a second; ratio to Pillow open: {pillow / inspect:.2f}")
    print(
        f"Pillow open: {COPIES / pillow * 1e3:.0f} files a second, "
        f"{COPIES / complete * 1e3:.0f} with the texts behind the pixels"
    )


if __name__ == "__main__":
    for each in SHAPES:
        noise_times(each)
        codec_times(each)
    with tempfile.TemporaryDirectory() as name:
        file_times(Path(name))
