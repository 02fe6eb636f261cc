"""What is deterministic here and what is not, found by rendering: twice, beside another picture, and alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.compare import PixelDifference, compare_pixels
from engine.errors import RenderError
from engine.rendering.events import ModelReady, Picture, PictureRendered
from engine.rendering.renderer import Renderer
from engine.rendering.requests import PictureTask, RenderJob
from engine.target import Target
from latentpng.errors import ExitCode
from latentpng.record import Json, LatentRecord, Lineage, SeedRoot
from tui.commands.examine import Finding
from tui.commands.run import Work

_JOBS = (((1, 2), (0, 0)), ((1, 2), (0, 0)), ((1, 3), (0, 0)), ((1,), (1, 0)))
"""Seeds and slot: a batch of two, the same again, the first picture with another neighbour, the first alone."""
_KERNELS = ("cuda", "cudnn", "tf32", "attention", "compiled", "sdpa", "deterministic")


def repeated(target: Target, renderer: Renderer, *, quiet: bool) -> Iterator[Finding]:
    """The device, and three findings about the same picture.  ModelError, RenderError."""
    target = replace(target, load=replace(target.load, micro_batch=2))
    with Work(renderer, pictures=sum(len(seeds) for seeds, _ in _JOBS), quiet=quiet) as work:
        ready = work.load(target)
        events = [_first(work, target, number, seeds, slot) for number, (seeds, slot) in enumerate(_JOBS)]
    yield _device(ready, events[0].record)
    yield Finding(
        name="dtype",
        found=f"{ready.dtype}, {'chosen' if target.load.dtype == 'auto' else 'asked for'}; {ready.pipeline}",
    )
    first, again, beside, alone = (event.picture for event in events)
    yield _promised("repeat", "the same picture twice", _apart(first, again))
    yield _promised("neighbours", "beside another picture", _apart(first, beside))
    apart = _apart(first, alone)
    note = f"{_words(apart)}, so --strict and a batch give other bits here" if apart.largest else _words(apart)
    yield Finding(name="batch", found=f"alone, against in a batch of 2: {note}", note=bool(apart.largest))


def _first(work: Work, target: Target, number: int, seeds: tuple[int, ...], slot: tuple[int, int]) -> PictureRendered:
    """The first picture of a job, once all of the job is done."""
    lineages = [Lineage(root=SeedRoot(seed=seed)) for seed in seeds]
    tasks = tuple(PictureTask(index=index, lineage=each, slot=slot) for index, each in enumerate(lineages))
    for event in list(work.pictures(RenderJob(job=number, tasks=tasks, settings=target.settings))):
        if event.index == 0:
            return event
    raise RenderError("the renderer gave no picture")


def _device(ready: ModelReady, record: LatentRecord) -> Finding:
    software = record.software
    name = software.get("device_name")
    kernels = [f"{each} {_shown(software[each])}" for each in _KERNELS if each in software]
    threads = [f"{software['threads']} threads"] if "threads" in software else []
    return Finding(name="device", found=", ".join([ready.device, *([str(name)] if name else []), *threads, *kernels]))


def _promised(name: str, what: str, apart: PixelDifference) -> Finding:
    """What the same bits are promised for."""
    return Finding(
        name=name, found=f"{what}: {_words(apart)}", code=ExitCode.PIXELS_DIFFER if apart.largest else ExitCode.OK
    )


def _apart(one: Picture, other: Picture) -> PixelDifference:
    return compare_pixels(one.rgb, other.rgb)


def _words(apart: PixelDifference) -> str:
    if not apart.largest:
        return "the same bits"
    return f"differs by at most {apart.largest} of 255, {apart.mean:.4f} on average"


def _shown(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
