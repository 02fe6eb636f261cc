"""Helpers of the tests of drafts."""

from __future__ import annotations

from pathlib import Path

from engine.fake import FakeRenderer
from engine.fake_pictures import paint
from engine.open import Opening
from engine.options import Options
from engine.rendering.events import Picture
from engine.rendering.requests import RenderJob
from engine.rendering.settings import RenderSettings
from engine.search.running import PARENT
from engine.search.store import Finished
from latentpng.noise.replay import replay
from latentpng.record import Lineage
from tests.support.engine.searching import Running

OPTIONS = Options(seed=5)
ALL = (PARENT, 1, 2, 3)


def drafting(opening: Opening, folder: Path, *, keep_all: bool = False, is_varied: bool = False) -> Running:
    """Begin with drafts, and wait until all of them are there."""
    running = Running(opening, folder, keep_all=keep_all, is_varied=is_varied, drafts=True)
    running.finish()
    return running


def held(opening: Opening, folder: Path, *, drafts: bool = True, micro_batch: int = 1) -> Running:
    """Begin with a renderer that stops once the parent is finished."""
    renderer = FakeRenderer(micro_batch=micro_batch)
    renderer.hold_after(1)
    running = Running(opening, folder, renderer=renderer, drafts=drafts)
    running.until(lambda: running.search.finished(PARENT) is not None)
    return running


def saved(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.png"))


def kinds(running: Running) -> list[str]:
    """Return what is there of each picture of the grid."""
    search = running.search
    return [
        "finished" if search.finished(index) else "draft" if search.draft(index) else "nothing"
        for index in range(search.size)
    ]


def summary(jobs: list[RenderJob]) -> list[tuple[bool, list[int]]]:
    """Return for each job whether it renders drafts, and the indices of its pictures."""
    return [(job.is_draft, [task.index for task in job.tasks]) for job in jobs]


def pictures(running: Running) -> list[Finished | None]:
    return [running.search.finished(index) for index in range(running.search.size)]


def painted(running: Running, lineage: Lineage, strength: float) -> Picture:
    settings = running.search.settings
    return paint(replay(lineage, (4, 16, 16), "CHW"), "CHW", settings.width, settings.height, strength)


def settings_of(steps: int) -> RenderSettings:
    return RenderSettings(prompt="a lake", width=64, height=32, num_inference_steps=steps, guidance_scale=2.0)
