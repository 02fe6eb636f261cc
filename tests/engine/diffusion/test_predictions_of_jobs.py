"""Jobs that stop after some steps: small pictures of what they are on the way to, and nothing left behind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.diffusion.jobs import JobRunner
from engine.diffusion.load import LoadedModel
from engine.errors import RenderCancelled
from engine.models.schedulers import scheduler_settings
from engine.rendering.events import Event, JobDone, Picture, PictureRendered, PreviewRendered, StepDone
from engine.rendering.requests import ModelChoice, PictureTask, RenderJob
from latentpng.record import Lineage, Round, SeedRoot
from tests.support.engine.loading import load
from tests.support.engine.tiny import SETTINGS, load_tiny

PARENT = Lineage(root=SeedRoot(seed=7))
SCHEDULERS = ("DDIM", "Euler", "Euler a", "DPM++ 2M", "Heun", "UniPC", "PNDM", "LMS", "DEIS", "TCD", "SASolver")


def tasks_of(count: int, *, prompt_scale: float = 0.0) -> tuple[PictureTask, ...]:
    return tuple(
        PictureTask(
            index=mark,
            lineage=PARENT.child(Round(seed=1, scale=0.7, of=9, marks=(mark,), prompt_scale=prompt_scale)),
        )
        for mark in range(count)
    )


def runner_of(loaded: LoadedModel, events: list[Event]) -> JobRunner:
    return JobRunner(loaded, emit=events.append, is_cancelled=lambda _: False, micro_batch=4)


def run(loaded: LoadedModel, *jobs: RenderJob) -> list[Event]:
    """Return the events of jobs that run one after the other."""
    events: list[Event] = []
    runner = runner_of(loaded, events)
    for job in jobs:
        runner.run(job)
    return events


def previews_in(events: list[Event]) -> dict[int, Picture]:
    return {event.index: event.picture for event in events if isinstance(event, PreviewRendered)}


def pixels_in(events: list[Event]) -> list[bytes]:
    return [event.picture.rgb for event in events if isinstance(event, PictureRendered)]


@pytest.fixture(scope="module")
def loaded(tiny: ModelChoice) -> LoadedModel:
    return load_tiny(tiny)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_a_job_that_stops_gives_predictions_and_leaves_the_pixels_of_the_next_as_they_were(
    loaded: LoadedModel, scheduler: str
) -> None:
    settings = replace(SETTINGS, num_inference_steps=6, scheduler=scheduler_settings(scheduler))
    whole = RenderJob(job=2, tasks=tasks_of(3), settings=settings)
    events = run(loaded, replace(whole, job=1, tasks=tasks_of(5), stop_after=2))
    assert isinstance(events[-1], JobDone)
    assert pixels_in(events) == []
    assert sorted(previews_in(events)) == [0, 1, 2, 3, 4]
    assert [(event.step, event.steps) for event in events if isinstance(event, StepDone)] == [(1, 2), (2, 2)] * 2
    assert pixels_in(run(loaded, whole)) == pixels_in(run(loaded, replace(whole, job=1, stop_after=2), whole))


@pytest.mark.parametrize("scheduler", ["DDIM", "PNDM", "DEIS", "TCD", "SASolver"])
def test_a_later_stop_is_nearer_to_the_finished_picture(loaded: LoadedModel, scheduler: str) -> None:
    settings = replace(SETTINGS, num_inference_steps=10, scheduler=scheduler_settings(scheduler))
    whole = RenderJob(job=1, tasks=tasks_of(4), settings=settings)
    last = previews_in(run(loaded, whole, replace(whole, job=2, stop_after=10)))

    def error(stop_after: int) -> float:
        found = previews_in(run(loaded, whole, replace(whole, job=2, stop_after=stop_after)))
        pairs = [
            (np.frombuffer(found[index].rgb, np.uint8), np.frombuffer(last[index].rgb, np.uint8)) for index in last
        ]
        return float(np.mean([np.abs(one.astype(float) - other).mean() for one, other in pairs]))

    assert error(8) < error(4) < error(1)


def test_more_steps_than_there_are_stop_at_the_last_one(loaded: LoadedModel) -> None:
    job = RenderJob(job=1, tasks=tasks_of(2), settings=SETTINGS, stop_after=99)
    events = run(loaded, job)
    steps = [event for event in events if isinstance(event, StepDone)]
    assert (steps[-1].step, steps[-1].steps) == (4, 4)
    assert sorted(previews_in(events)) == [0, 1]


def test_batches_are_even_so_that_padding_costs_little(loaded: LoadedModel) -> None:
    events = run(loaded, RenderJob(job=1, tasks=tasks_of(5), settings=SETTINGS, stop_after=1))
    assert [event.indices for event in events if isinstance(event, StepDone)] == [(0, 1, 2), (3, 4)]


def test_the_prompt_can_be_moved(loaded: LoadedModel) -> None:
    plain = previews_in(run(loaded, RenderJob(job=1, tasks=tasks_of(2), settings=SETTINGS, stop_after=2)))
    moving = RenderJob(job=1, tasks=tasks_of(2, prompt_scale=0.5), settings=SETTINGS, stop_after=2)
    moved = previews_in(run(loaded, moving))
    assert sorted(moved) == [0, 1]
    assert moved != plain


def test_nothing_is_decoded(loaded: LoadedModel) -> None:
    decoded: list[object] = []
    handle = loaded.pipe.vae.decoder.register_forward_hook(lambda *_: decoded.append(1))
    try:
        run(loaded, RenderJob(job=1, tasks=tasks_of(2), settings=SETTINGS, stop_after=2))
    finally:
        handle.remove()
    assert decoded == []


def test_it_can_be_cancelled_within_a_step(loaded: LoadedModel) -> None:
    events: list[Event] = []
    runner = JobRunner(loaded, emit=events.append, is_cancelled=lambda _: len(events) >= 1, micro_batch=2)
    job = RenderJob(job=1, tasks=tasks_of(4), settings=SETTINGS, stop_after=3)
    with pytest.raises(RenderCancelled):
        runner.run(job)
    assert [type(event) for event in events] == [StepDone]
    assert sorted(previews_in(run(loaded, job))) == [0, 1, 2, 3]


@pytest.mark.parametrize("family", ["flux", "sdxl"])
def test_other_families_stop_too(family: str, request: pytest.FixtureRequest) -> None:
    loaded = load(request.getfixturevalue(family))
    whole = RenderJob(job=2, tasks=tasks_of(2), settings=SETTINGS)
    before = pixels_in(run(loaded, whole))
    events = run(loaded, replace(whole, job=1, stop_after=2), whole)
    assert sorted(previews_in(events)) == [0, 1]
    assert pixels_in(events) == before
