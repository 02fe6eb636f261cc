"""How many files a second `inspect` reads, against Pillow's open and exiftool, and how long its start takes.

PYTHONPATH=. python tests/benchmarks/latentpng_many.py [FILES]

Each file is the best of several turns taken in rotation, in processor time of one process, with a warm cache: so a busy
machine slows all of them alike.  The pictures are those of a search: many seeds, one to six rounds, settings.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
from PIL import Image

from latentpng.cli import main
from latentpng.noise.replay import record_of, replay
from latentpng.png.files import write_picture
from latentpng.record import Json, LatentRecord, Lineage, Round, SeedRoot
from latentpng.reports.show import inspect_file

FILES, DIFFERENT = 10_000, 100
SIDE, SHAPE = 256, (4, 32, 32)
TURNS = 5
PROMPT = "a lighthouse on a cliff above a calm sea at dusk, warm light in its window, oil on canvas"


def a_record(number: int) -> LatentRecord:
    """A picture of a search, with settings as `warmer` writes them."""
    steps = tuple(
        Round(seed=2**63 + 1000 * number + round_, scale=0.3, of=8, marks=(round_,)) for round_ in range(1 + number % 6)
    )
    lineage = Lineage(root=SeedRoot(seed=number), rounds=steps)
    settings: dict[str, Json] = {
        "prompt": PROMPT, "negative_prompt": "fog", "steps": 10, "guidance": 2.0, "width": SIDE, "height": SIDE,
        "model": {"name": "embedded"}, "scheduler": {"name": "DDIMScheduler"}, "dtype": "float32", "slot": [8, 3],
    }  # fmt: skip
    return record_of(lineage, replay(lineage, SHAPE, "CHW"), axes="CHW", settings=settings, software={"warmer": "0.1"})


def fill(folder: Path, files: int) -> list[str]:
    """A folder of so many files, copies of a hundred different ones."""
    smooth = np.cumsum(np.random.default_rng(1).normal(size=(SIDE, SIDE, 3)), axis=1)
    rgb = (smooth * 4 % 256).astype(np.uint8).tobytes()
    write_picture(folder / "a.png", SIDE, SIDE, rgb, a_record(0))
    pictures = []
    for number in range(min(files, DIFFERENT)):
        write_picture(folder / "a.png", SIDE, SIDE, rgb, a_record(number))
        pictures.append((folder / "a.png").read_bytes())
    (folder / "a.png").unlink()
    paths = [folder / f"{number:05}.png" for number in range(files)]
    for number, path in enumerate(paths):
        path.write_bytes(pictures[number % len(pictures)])
    return [str(path) for path in paths]


def seconds_here(action: Callable[[str], object], paths: list[str]) -> float:
    """Processor time of this process for all files."""
    start = time.process_time()
    for path in paths:
        action(path)
    return time.process_time() - start


def seconds_warm(words: list[str]) -> float:
    """Processor time of a whole command in this process, its output thrown away: without the start of Python."""
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        start = time.process_time()
        main(words)
        return time.process_time() - start


def seconds_of(command: list[str]) -> float:
    """Processor time of a process of its own, its output thrown away."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def open_by_pillow(path: str) -> object:
    """What `inspect` is compared with: header and texts up to the pixels."""
    with Image.open(path) as image:
        return image.info


def read_start(path: str) -> None:
    """The least that any reader needs."""
    file = os.open(path, os.O_RDONLY)
    os.read(file, 4096)
    os.close(file)


def starts() -> None:
    """How long the command takes before and for one file, in wall time and in processor time."""
    command = [sys.executable, "-m", "latentpng"]
    with tempfile.TemporaryDirectory() as name:
        (path,) = fill(Path(name), 1)
        for title, words in (
            ("an empty Python", [sys.executable, "-c", "pass"]),
            ("--help", [*command, "--help"]),
            ("inspect, one file", [*command, "inspect", path]),
            ("inspect --json, one file", [*command, "inspect", "--json", path]),
            ("tree, one file", [*command, "tree", path]),
        ):
            walls, processors = [], []
            for _ in range(TURNS):
                start = time.perf_counter()
                processors.append(seconds_of(words))
                walls.append(time.perf_counter() - start)
            print(f"start, {title}: {min(walls) * 1e3:.0f} ms, {min(processors) * 1e3:.0f} ms of a processor")


def compare(folder: str, paths: list[str]) -> None:
    """Files a second of each way, best of several turns."""
    command = [sys.executable, "-m", "latentpng"]
    ways: dict[str, Callable[[], float]] = {
        "open, 4 KiB, close": lambda: seconds_here(read_start, paths),
        "inspect_file": lambda: seconds_here(inspect_file, paths),
        "Pillow open": lambda: seconds_here(open_by_pillow, paths),
        "inspect --json FOLDER, without its start": lambda: seconds_warm(["inspect", "--json", folder]),
        "inspect --json FOLDER": lambda: seconds_of([*command, "inspect", "--json", folder]),
        "inspect --short FOLDER": lambda: seconds_of([*command, "inspect", "--short", folder]),
        "inspect FOLDER": lambda: seconds_of([*command, "inspect", folder]),
        "tree FOLDER": lambda: seconds_of([*command, "tree", folder]),
    }
    best: dict[str, float] = {}
    for _ in range(TURNS):
        for name, way in ways.items():
            best[name] = min(best.get(name, float("inf")), way())
    for name, seconds in best.items():
        print(f"{name}: {len(paths) / seconds:,.0f} files a second, {seconds / len(paths) * 1e6:.1f} us a file")
    for name in ("inspect_file", "inspect --json FOLDER, without its start"):
        print(f"{name} against Pillow open: {best['Pillow open'] / best[name]:.2f} times as many")
    exiftool = shutil.which("exiftool")
    if exiftool is None:
        print("exiftool: it is not installed")
        return
    seconds = seconds_of([exiftool, "-json", "-q", folder])
    print(f"exiftool -json FOLDER: {len(paths) / seconds:,.0f} files a second")
    print(f"inspect --json against it: {seconds / best['inspect --json FOLDER']:.0f} times as many")


if __name__ == "__main__":
    starts()
    with tempfile.TemporaryDirectory() as name:
        compare(name, fill(Path(name), int(sys.argv[1]) if len(sys.argv) > 1 else FILES))
