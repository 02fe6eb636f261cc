"""`warmer doctor`, by rendering: does the same picture repeat, with other neighbours in its batch, and alone?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.compare import PixelDifference, compare_pixels
from engine.rendering.events import ModelReady, Picture, PictureRendered
from engine.rendering.renderer import Renderer
from engine.rendering.requests import PictureTask, RenderJob
from engine.target import Target
from latentpng.errors import ExitCode
from latentpng.record import Json, LatentRecord, Lineage, SeedRoot
from tui.commands.examine import Finding
from tui.commands.rendering import Rendering

_JOBS = (((1, 2), (0, 0)), ((1, 2), (0, 0)), ((1, 3), (0, 0)), ((1,), (1, 0)))
"""Seeds and slot: a batch of two, the same again, the first picture with a different neighbour, the first alone."""
_KERNELS = ("cuda", "cudnn", "tf32", "attention", "compiled", "sdpa", "deterministic")


def repeated(target: Target, renderer: Renderer, *, quiet: bool) -> Iterator[Finding]:
    """Yield the device, the dtype, and three findings about the same picture.

    Raises:
        ModelError: The model cannot be used.
        RenderError: Rendering failed.
    """
    target = replace(target, load=replace(target.load, micro_batch=2))
    with Rendering(renderer, pictures=sum(len(seeds) for seeds, _ in _JOBS), quiet=quiet) as rendering:
        ready = rendering.load(target)
        events = [_first(rendering, target, number, seeds, slot) for number, (seeds, slot) in enumerate(_JOBS)]
    yield _device(ready, events[0].record)
    chosen = "chosen by warmer" if target.load.dtype == "auto" else "as requested"
    yield Finding(name="dtype", found=f"{ready.dtype}, {chosen}; {ready.pipeline}")
    first, again, beside, alone = (event.picture for event in events)
    yield _promised("repeat", "the same picture rendered twice", _apart(first, again))
    yield _promised("neighbours", "with a different neighbour in its batch", _apart(first, beside))
    apart = _apart(first, alone)
    note = "; so --strict and batches give different bits on this machine" if apart.largest else ""
    yield Finding(
        name="batch", found=f"alone compared with a batch of 2: {_phrase(apart)}{note}", note=bool(apart.largest)
    )


def _first(
    rendering: Rendering, target: Target, number: int, seeds: tuple[int, ...], slot: tuple[int, int]
) -> PictureRendered:
    """Return the first picture of a job with these seeds."""
    lineages = [Lineage(root=SeedRoot(seed=seed)) for seed in seeds]
    tasks = tuple(PictureTask(index=index, lineage=each, slot=slot) for index, each in enumerate(lineages))
    return rendering.picture(RenderJob(job=number, tasks=tasks, settings=target.settings))


def _device(ready: ModelReady, record: LatentRecord) -> Finding:
    software = record.software
    name = software.get("device_name")
    kernels = [f"{each} {_shown(software[each])}" for each in _KERNELS if each in software]
    threads = [f"{software['threads']} threads"] if "threads" in software else []
    return Finding(name="device", found=", ".join([ready.device, *([str(name)] if name else []), *threads, *kernels]))


def _promised(name: str, what: str, apart: PixelDifference) -> Finding:
    """Return a finding about two renderings for which the same bits are promised."""
    return Finding(
        name=name, found=f"{what}: {_phrase(apart)}", code=ExitCode.PIXELS_DIFFER if apart.largest else ExitCode.OK
    )


def _apart(one: Picture, other: Picture) -> PixelDifference:
    return compare_pixels(one.rgb, other.rgb)


def _phrase(apart: PixelDifference) -> str:
    if not apart.largest:
        return "bit-identical"
    return f"differs by at most {apart.largest} of 255, {apart.mean:.4f} on average"


def _shown(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
