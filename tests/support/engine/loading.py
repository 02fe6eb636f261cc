"""Loading a tiny model as the worker does, and what its pictures, records and errors are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.diffusion.jobs import JobRunner
from engine.diffusion.load import LoadedModel, load_model
from engine.diffusion.render import BatchRenderer
from engine.errors import ModelError
from engine.rendering.events import Event, PictureRendered
from engine.rendering.requests import LoadModel, LoraChoice, ModelChoice, PictureTask, RenderJob
from latentpng.noise.gauss1 import gauss1
from latentpng.record import LatentRecord, Lineage, SeedRoot
from tests.support.engine.families.catalogue import save_family
from tests.support.engine.tiny import SETTINGS, slow_clock

NOISE = gauss1(5, 0, 1024).reshape(1, 4, 16, 16).astype(np.float16)
JOB = RenderJob(
    job=1, tasks=(PictureTask(index=0, lineage=Lineage(root=SeedRoot(seed=7))),), settings=SETTINGS, previews=True
)


def saved_family(name: str, factory: pytest.TempPathFactory) -> ModelChoice:
    """Write the pipeline of a family into a new folder."""
    folder = factory.mktemp("models") / name.replace(".", "-").lower()
    save_family(name, folder)
    return ModelChoice(path=str(folder), name=folder.name)


def request_for(choice: ModelChoice, **more: Any) -> LoadModel:
    """Return the request that loads a model."""
    return LoadModel(model=choice, settings=SETTINGS, device="cpu", **more)


def load(choice: ModelChoice, **more: Any) -> LoadedModel:
    """Load a model."""
    return load_model(request_for(choice, **more), lambda _: None)


def picture_of(loaded: LoadedModel) -> NDArray[np.uint8]:
    """Return the pixels of one picture, always from the same noise."""
    return BatchRenderer(loaded).render(NOISE, SETTINGS, lambda _: None).pixels


def run(loaded: LoadedModel) -> list[Event]:
    """Return all events of one job."""
    events: list[Event] = []
    clock = slow_clock(events)
    JobRunner(loaded, emit=events.append, is_cancelled=lambda _: False, clock=clock).run(JOB)
    return events


def rendered_by(loaded: LoadedModel) -> PictureRendered:
    """Return the picture of this job."""
    return next(event for event in run(loaded) if isinstance(event, PictureRendered))


def record_by(loaded: LoadedModel) -> LatentRecord:
    """Return what the file of this picture carries."""
    return rendered_by(loaded).record


def problem_of(choice: ModelChoice, **more: Any) -> str:
    """Return why a model cannot be loaded."""
    with pytest.raises(ModelError) as caught:
        load(choice, **more)
    return str(caught.value)


def with_loras(choice: ModelChoice, *loras: tuple[Path, float]) -> ModelChoice:
    """Return a model with LoRA files, each with its weight."""
    return replace(choice, loras=tuple(LoraChoice(path=str(path), weight=weight) for path, weight in loras))
