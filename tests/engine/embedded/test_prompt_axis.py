"""Offsets of the prompt with the model that ships: larger ones change more, and a file is enough to render again."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.diffusion.load import LoadedModel, load_model
from engine.models.resolve import defaults_of, resolve_model
from engine.rendering.requests import LoadModel, PictureTask, RenderJob
from engine.rendering.settings import RenderSettings
from latentpng.png.files import write_picture
from latentpng.record import Lineage, Round, SeedRoot
from tests.support.engine.matrix import pictures_of
from tests.support.engine.tiny import job_of

CHOICE = resolve_model("")
USUAL: RenderSettings = replace(defaults_of(CHOICE).settings(defaults_of(CHOICE).prompts[0]), step_seed=5)
PARENT = Lineage(root=SeedRoot(seed=3))
SCALES = (0.1, 0.3, 1.0)


@pytest.fixture(scope="module")
def loaded() -> LoadedModel:
    return load_model(LoadModel(model=CHOICE, settings=USUAL, device="cpu"), lambda _: None)


def moved(scale: float, mark: int = 0) -> Lineage:
    return PARENT.child(Round(seed=4, scale=0.0, of=8, marks=(mark,), prompt_scale=scale))


@pytest.mark.slow
@pytest.mark.parametrize(("steps", "guidance"), [(USUAL.num_inference_steps, USUAL.guidance_scale), (2, 1.0)])
def test_a_larger_scale_is_a_larger_change(loaded: LoadedModel, steps: int, guidance: float) -> None:
    lineages = (PARENT, *(moved(scale) for scale in SCALES))
    tasks = tuple(PictureTask(index=index, lineage=lineage) for index, lineage in enumerate(lineages))
    settings = replace(USUAL, num_inference_steps=steps, guidance_scale=guidance)
    events = pictures_of(loaded, RenderJob(job=1, tasks=tasks, settings=settings))
    parent, *others = (np.frombuffer(event.picture.rgb, np.uint8).astype(np.int16) for event in events)
    changes = [float(np.abs(other - parent).mean()) for other in others]
    assert changes == sorted(changes)
    assert 0.0 < changes[0] < changes[-1] / 2


@pytest.mark.slow
def test_a_chain_of_rounds_is_rendered_again_from_its_file_in_a_fresh_process(
    loaded: LoadedModel, tmp_path: Path
) -> None:
    chain = moved(0.5, 3).child(Round(seed=6, scale=0.3, of=8, marks=(1, 2), prompt_scale=0.3))
    tasks = tuple(
        PictureTask(index=index, lineage=lineage) for index, lineage in enumerate((chain, moved(0.4), PARENT))
    )
    event = pictures_of(loaded, RenderJob(job=1, tasks=tasks, settings=USUAL))[0]
    path = tmp_path / "chain.png"
    write_picture(path, event.picture.width, event.picture.height, event.picture.rgb, event.record)
    assert [again.picture for again in pictures_of(loaded, job_of(event.record))] == [event.picture]
    command = [sys.executable, "-m", "tui", "render", str(path), "--check", "--device", "cpu", "--quiet"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"{path}: bit-exact\n")
