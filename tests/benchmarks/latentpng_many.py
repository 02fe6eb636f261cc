"""Measure how many files a second the commands of `latentpng` read, against Pillow's open and exiftool.

    python -m tests.benchmarks.latentpng_many [FILES]

The files are pictures of a search: different seeds, one to six rounds, settings.  Every way to read them runs in
rotation, so that a busy machine slows all alike, and its figure is the best of several turns, in CPU time of one
process with a warm disk cache.  The benchmark prints how long single commands take to start, files a second of every
way, and the ratio to Pillow's open (the baseline); above 1, `latentpng` is faster.
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

from latentpng.cli import main
from latentpng.noise.replay import record_of, replay
from latentpng.png.files import write_picture
from latentpng.record import Json, LatentRecord, Lineage, Round, SeedRoot
from latentpng.reports.show import inspect_file
from tests.benchmarks.pngfiles import open_with_pillow, smooth_rgb

FILES, DIFFERENT = 10_000, 100
SIDE, SHAPE = 256, (4, 32, 32)
TURNS = 5
PROMPT = "a lighthouse on a cliff above a calm sea at dusk, warm light in its window, oil on canvas"


def a_record(number: int) -> LatentRecord:
    """Return the record of a picture of a search, with settings as `warmer` writes them."""
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
    """Fill a folder with copies of up to a hundred different pictures, and return their paths."""
    rgb = smooth_rgb(SIDE)
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
    """Return the CPU seconds of this process for all files."""
    start = time.process_time()
    for path in paths:
        action(path)
    return time.process_time() - start


def seconds_warm(words: list[str]) -> float:
    """Return the CPU seconds of a command that runs in this process, without the start of Python; drop its output."""
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        start = time.process_time()
        main(words)
        return time.process_time() - start


def seconds_of(command: list[str]) -> float:
    """Return the CPU seconds of a command in its own process; drop its output."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def read_start(path: str) -> None:
    """Read the first 4 KiB, which is the least that any reader needs."""
    file = os.open(path, os.O_RDONLY)
    os.read(file, 4096)
    os.close(file)


def print_starts() -> None:
    """Print how long a command takes for one file, its start included, in wall time and in CPU time."""
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
            walls, cpus = [], []
            for _ in range(TURNS):
                start = time.perf_counter()
                cpus.append(seconds_of(words))
                walls.append(time.perf_counter() - start)
            print(f"start and run, {title}: {min(walls) * 1e3:.0f} ms, {min(cpus) * 1e3:.0f} ms of CPU time")


def compare(folder: str, paths: list[str]) -> None:
    """Print files a second of each way to read them, and the ratios to Pillow and exiftool."""
    command = [sys.executable, "-m", "latentpng"]
    ways: dict[str, Callable[[], float]] = {
        "open, 4 KiB, close": lambda: seconds_here(read_start, paths),
        "inspect_file": lambda: seconds_here(inspect_file, paths),
        "Pillow open": lambda: seconds_here(open_with_pillow, paths),
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
        print(f"{name}: {len(paths) / seconds:,.0f} files a second, {seconds / len(paths) * 1e6:.1f} us for each file")
    for name in ("inspect_file", "inspect --json FOLDER, without its start"):
        print(f"ratio, {name} / Pillow open: {best['Pillow open'] / best[name]:.2f} times as many files a second")
    exiftool = shutil.which("exiftool")
    if exiftool is None:
        print("exiftool: left out, because it is not installed")
        return
    seconds = seconds_of([exiftool, "-json", "-q", folder])
    print(f"exiftool -json FOLDER: {len(paths) / seconds:,.0f} files a second")
    print(
        f"ratio, inspect --json / exiftool: {seconds / best['inspect --json FOLDER']:.0f} times as many files a second"
    )


if __name__ == "__main__":
    print_starts()
    with tempfile.TemporaryDirectory() as name:
        compare(name, fill(Path(name), int(sys.argv[1]) if len(sys.argv) > 1 else FILES))
