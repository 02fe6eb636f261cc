"""Jobs of drafts: the same noise in fewer steps, decoded by a tiny autoencoder where there is one, and no record."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.diffusion.jobs import JobRunner
from engine.diffusion.load import LoadedModel
from engine.errors import RenderCancelled
from engine.models.schedulers import scheduler_settings
from engine.rendering.events import DraftRendered, Event, JobDone, Picture, PictureRendered, PreviewRendered, StepDone
from engine.rendering.requests import ModelChoice, PictureTask, RenderJob
from engine.search.drafts import draft_settings
from latentpng.record import Lineage, Round, SeedRoot
from tests.support.engine.loading import load
from tests.support.engine.overlays import tiny_autoencoder
from tests.support.engine.schedulers import SCHEDULERS
from tests.support.engine.tiny import SETTINGS, load_tiny

PARENT = Lineage(root=SeedRoot(seed=7))


def tasks_of(count: int, *, prompt_scale: float = 0.0) -> tuple[PictureTask, ...]:
    return tuple(
        PictureTask(
            index=mark,
            lineage=PARENT.child(Round(seed=1, scale=0.7, of=9, marks=(mark,), prompt_scale=prompt_scale)),
        )
        for mark in range(count)
    )


def run(loaded: LoadedModel, *jobs: RenderJob) -> list[Event]:
    """Return the events of jobs that run one after the other."""
    events: list[Event] = []
    runner = JobRunner(loaded, emit=events.append, is_cancelled=lambda _: False, micro_batch=4)
    for job in jobs:
        runner.run(job)
    return events


def drafts_in(events: list[Event]) -> dict[int, Picture]:
    return {event.index: event.picture for event in events if isinstance(event, DraftRendered)}


def pictures_in(events: list[Event]) -> dict[int, Picture]:
    return {event.index: event.picture for event in events if isinstance(event, PictureRendered)}


@pytest.fixture(scope="module")
def loaded(tiny: ModelChoice) -> LoadedModel:
    return load_tiny(tiny)


@pytest.fixture(scope="module")
def with_decoder(tiny: ModelChoice, tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return load(tiny, preview_vae=str(tiny_autoencoder(tmp_path_factory.mktemp("decoder"))))


def decoded_by_vae(loaded: LoadedModel) -> tuple[list[object], Any]:
    """Return a list that grows with each picture that the VAE decodes, and the handle that ends that."""
    decoded: list[object] = []
    return decoded, loaded.pipe.vae.decoder.register_forward_hook(lambda *_: decoded.append(1))


@pytest.mark.parametrize("prompt_scale", [0.0, 0.5])
def test_a_draft_has_the_pixels_of_a_picture_with_its_steps_and_the_next_picture_is_as_it_was(
    loaded: LoadedModel, prompt_scale: float
) -> None:
    whole = RenderJob(job=1, tasks=tasks_of(5, prompt_scale=prompt_scale), settings=SETTINGS, previews=True)
    short = replace(whole, job=2, settings=replace(SETTINGS, num_inference_steps=2))
    before, same = pictures_in(run(loaded, whole)), pictures_in(run(loaded, short))
    events = run(loaded, replace(short, is_draft=True), whole)
    assert drafts_in(events) == same
    assert pictures_in(events) == before
    own = [event for event in events if getattr(event, "job", 0) == 2]
    assert [(event.step, event.steps) for event in own if isinstance(event, StepDone)] == [(1, 2), (2, 2)] * 2
    assert not any(isinstance(event, PictureRendered) for event in own)
    assert any(isinstance(event, PreviewRendered) for event in own)
    assert isinstance(own[-1], JobDone)


def test_a_tiny_autoencoder_decodes_drafts_at_full_size_and_pictures_not(with_decoder: LoadedModel) -> None:
    job = RenderJob(job=1, tasks=tasks_of(3), settings=SETTINGS)
    decoded, handle = decoded_by_vae(with_decoder)
    try:
        drafts = drafts_in(run(with_decoder, replace(job, is_draft=True)))
        assert decoded == []
        pictures = pictures_in(run(with_decoder, job))
        assert len(decoded) == 3
    finally:
        handle.remove()
    sizes = {(picture.width, picture.height) for picture in (*drafts.values(), *pictures.values())}
    assert sizes == {(SETTINGS.width, SETTINGS.height)}
    assert sorted(drafts) == [0, 1, 2]
    assert len({picture.rgb for picture in drafts.values()}) == 3
    assert all(drafts[index] != pictures[index] for index in drafts)


def test_latents_in_a_packing_that_the_tiny_autoencoder_does_not_know_are_decoded_by_the_vae(
    with_decoder: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = RenderJob(job=1, tasks=tasks_of(2), settings=SETTINGS)
    pictures = pictures_in(run(with_decoder, job))
    monkeypatch.setattr(
        "engine.diffusion.render.BatchRenderer._unpacked", lambda *_: np.zeros((2, 1), dtype=np.float32)
    )
    assert drafts_in(run(with_decoder, replace(job, is_draft=True))) == pictures


def test_a_cancel_is_noticed_between_two_drafts_that_are_decoded(with_decoder: LoadedModel) -> None:
    events: list[Event] = []
    checks: list[int] = []

    def is_cancelled(job: int) -> bool:
        is_decoding = [type(event) for event in events].count(StepDone) == SETTINGS.num_inference_steps
        checks.extend([job] if is_decoding else [])
        return len(checks) > 2

    runner = JobRunner(with_decoder, emit=events.append, is_cancelled=is_cancelled, micro_batch=4)
    with pytest.raises(RenderCancelled):
        runner.run(RenderJob(job=1, tasks=tasks_of(4), settings=SETTINGS, is_draft=True))
    assert not any(isinstance(event, DraftRendered) for event in events)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_every_scheduler_takes_the_steps_of_the_shortest_draft(loaded: LoadedModel, scheduler: str) -> None:
    settings = draft_settings(replace(SETTINGS, num_inference_steps=5, scheduler=scheduler_settings(scheduler)))
    assert settings is not None
    assert sorted(drafts_in(run(loaded, RenderJob(job=1, tasks=tasks_of(1), settings=settings, is_draft=True)))) == [0]


@pytest.mark.parametrize("family", ["flux", "sdxl"])
def test_other_families_have_drafts_too(family: str, request: pytest.FixtureRequest) -> None:
    loaded = load(request.getfixturevalue(family))
    whole = RenderJob(job=1, tasks=tasks_of(2), settings=SETTINGS)
    same = pictures_in(run(loaded, whole))
    assert drafts_in(run(loaded, replace(whole, is_draft=True))) == same
