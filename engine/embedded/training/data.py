"""The training pictures on disk: drawn once from their seeds on all cores, then mapped into memory.

`pictures.npy` is (N, 128, 128, 3) uint8, and `objects.npy` is (N, 16, 16) uint8: 255 where a latent covers an object.
Picture k is drawn from `sample_scene(k)`; seeds from `HELD_OUT` on are never trained on.
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from engine.embedded.training.log import log
from engine.embedded.training.scenes.canvas import SIZE
from engine.embedded.training.scenes.captions import Caption, describe
from engine.embedded.training.scenes.picture import Picture, draw_scene
from engine.embedded.training.scenes.scene import sample_scene

HELD_OUT = 1_000_000_000
LATENT = SIZE // 8
_BLOCK = 2000  # pictures for each task of a process


def render_pictures(folder: Path, count: int, processes: int) -> None:
    """Draw pictures 0 to count - 1 into a folder; those that an earlier run has drawn stay.

    Args:
        folder: The folder of the run.
        count: The number of pictures.
        processes: That draw at the same time.
    """
    done = folder / "pictures.done"
    drawn = int(done.read_text()) if done.exists() else 0
    if drawn >= count:
        return
    for name, shape in (("pictures", (count, SIZE, SIZE, 3)), ("objects", (count, LATENT, LATENT))):
        _grow(folder / f"{name}.npy", shape)
    blocks = [(folder, first, min(first + _BLOCK, count)) for first in range(drawn, count, _BLOCK)]
    with ProcessPoolExecutor(processes) as pool:
        for last in pool.map(_render_block, blocks):
            done.write_text(str(last))
            log(f"pictures: {last} of {count}")


def pictures(folder: Path) -> NDArray[np.uint8]:
    """Return the pictures of a run, memory-mapped: (N, 128, 128, 3) uint8."""
    mapped: NDArray[np.uint8] = np.load(folder / "pictures.npy", mmap_mode="r")
    return mapped


def objects(folder: Path) -> NDArray[np.uint8]:
    """Return which latents of the pictures of a run cover an object: (N, 16, 16) uint8, 0 or 255."""
    loaded: NDArray[np.uint8] = np.load(folder / "objects.npy")
    return loaded


def held_out(count: int) -> list[tuple[int, Picture, Caption]]:
    """Return seed, picture and caption of scenes that are never trained on."""
    seeds = range(HELD_OUT, HELD_OUT + count)
    return [(seed, draw_scene(sample_scene(seed)), describe(sample_scene(seed), Random(seed))) for seed in seeds]


def _grow(path: Path, shape: tuple[int, ...]) -> None:
    before = np.load(path, mmap_mode="r") if path.exists() else None
    if before is not None and before.shape == shape:
        return
    fresh = np.lib.format.open_memmap(path.with_suffix(".part.npy"), "w+", np.uint8, shape)
    if before is not None:
        keep = min(len(before), shape[0])
        fresh[:keep] = before[:keep]
    fresh.flush()
    path.with_suffix(".part.npy").replace(path)


def _render_block(block: tuple[Path, int, int]) -> int:
    folder, first, last = block
    os.nice(5)
    pixels = np.load(folder / "pictures.npy", mmap_mode="r+")
    covered = np.load(folder / "objects.npy", mmap_mode="r+")
    for k in range(first, last):
        picture = draw_scene(sample_scene(k))
        pixels[k] = picture.pixels
        covered[k] = _covered(picture)
    return last


def _covered(picture: Picture) -> NDArray[np.uint8]:
    mask = np.zeros((LATENT, LATENT), np.uint8)
    cell = SIZE // LATENT
    for x0, y0, x1, y1 in picture.boxes:
        rows = slice(max(0, int(y0 // cell)), max(0, int(y1 // cell) + 1))
        mask[rows, max(0, int(x0 // cell)) : max(0, int(x1 // cell) + 1)] = 255
    return mask
