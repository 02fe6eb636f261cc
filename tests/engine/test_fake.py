"""The fake renderer keeps the rules of the `Renderer` protocol."""

from __future__ import annotations

import queue
from dataclasses import replace

import pytest

from engine.fake import FakeRenderer
from engine.fake_pictures import DRAFT_STRENGTH, paint
from engine.rendering.events import (
    DraftRendered,
    Event,
    Failure,
    JobCancelled,
    JobDone,
    JobFailed,
    ModelReady,
    PictureRendered,
    PreviewRendered,
    StepDone,
    WorkerDied,
)
from engine.rendering.renderer import Renderer
from engine.rendering.requests import LoadModel, ModelChoice, PictureTask, RenderJob
from engine.rendering.settings import RenderSettings
from latentpng.noise.replay import digest, replay
from latentpng.record import Lineage, Round, SeedRoot

SETTINGS = RenderSettings(prompt="a lake", width=32, height=24, num_inference_steps=9, guidance_scale=2.0)
LOAD = LoadModel(model=ModelChoice(path="", name="fake"), settings=SETTINGS)


def job_of(number: int, count: int, *, previews: bool = False) -> RenderJob:
    parent = Lineage(root=SeedRoot(seed=7))
    tasks = tuple(
        PictureTask(index=mark, lineage=parent.child(Round(seed=1, scale=0.5, of=8, marks=(mark,))))
        for mark in range(count)
    )
    return RenderJob(job=number, tasks=tasks, settings=SETTINGS, previews=previews)


def run(renderer: FakeRenderer, *jobs: RenderJob) -> list[Event]:
    events: list[Event] = []
    renderer.start(events.append)
    renderer.load(LOAD)
    for job in jobs:
        renderer.render(job)
    renderer.close()
    return events


def test_it_is_a_renderer() -> None:
    renderer: Renderer = FakeRenderer(threaded=False)
    renderer.close()


def test_a_job_goes_through_its_steps_previews_and_pictures_in_order() -> None:
    events = run(FakeRenderer(threaded=False, steps=2), job_of(3, 5, previews=True))
    assert isinstance(events[1], ModelReady)
    kinds = [type(event) for event in events[2:]]
    full = [StepDone, *[PreviewRendered] * 4, StepDone, *[PictureRendered] * 4]
    last = [StepDone, PreviewRendered, StepDone, PictureRendered]
    assert kinds == [*full, *last, JobDone]


def test_pictures_differ_among_siblings_and_repeat_bit_for_bit() -> None:
    first, again = (
        [event for event in run(FakeRenderer(threaded=False), job_of(1, 4)) if isinstance(event, PictureRendered)]
        for _ in range(2)
    )
    assert [event.picture for event in first] == [event.picture for event in again]
    assert len({event.picture.rgb for event in first}) == 4
    assert all(len(event.picture.rgb) == 32 * 24 * 3 for event in first)


def test_the_record_holds_the_noise_that_the_lineage_leads_to() -> None:
    job = job_of(1, 1)
    (picture,) = [event for event in run(FakeRenderer(threaded=False), job) if isinstance(event, PictureRendered)]
    assert picture.record.node == digest(replay(job.tasks[0].lineage, (4, 16, 16), "CHW"))
    assert picture.record.settings["slot"] == [1, 0]


def test_a_part_of_a_grid_has_the_slots_that_it_has_in_the_whole_grid() -> None:
    job = job_of(1, 6)
    tasks = tuple(replace(task, among=(6, task.index)) for task in job.tasks)
    slots = [
        {
            event.index: event.record.settings["slot"]
            for event in run(FakeRenderer(threaded=False), each)
            if isinstance(event, PictureRendered)
        }
        for each in (job, replace(job, tasks=tasks[3:]))
    ]
    assert slots[0] == {0: [4, 0], 1: [4, 1], 2: [4, 2], 3: [4, 3], 4: [4, 0], 5: [4, 1]}
    assert slots[1] == {index: slots[0][index] for index in (3, 4, 5)}


def test_a_held_job_is_cancelled_and_the_next_one_runs() -> None:
    events: queue.Queue[Event] = queue.Queue()
    renderer = FakeRenderer()
    renderer.start(events.put)
    renderer.hold()
    renderer.render(job_of(1, 4))
    renderer.cancel(1)
    assert events.get(timeout=5) == JobCancelled(job=1)
    renderer.release()
    renderer.render(job_of(2, 1))
    while not isinstance(event := events.get(timeout=5), JobDone):
        assert not isinstance(event, JobFailed)
    assert event.job == 2
    renderer.close()


def test_close_does_not_wait_for_a_held_job() -> None:
    renderer = FakeRenderer()
    renderer.start(lambda _: None)
    renderer.hold()
    renderer.render(job_of(1, 4))
    renderer.close()


@pytest.mark.parametrize("crash", [False, True])
def test_failures_come_on_demand(crash: bool) -> None:
    renderer = FakeRenderer(threaded=False)
    if crash:
        renderer.die_next("it fell over")
    else:
        renderer.fail_next("out of memory")
    events = run(renderer, job_of(1, 2), job_of(2, 1))
    if crash:
        assert events[2] == JobFailed(job=1, failure=Failure.CRASH, sentence="it fell over")
        assert events[3] == WorkerDied(sentence="it fell over")
    else:
        assert events[2] == JobFailed(job=1, failure=Failure.MEMORY, sentence="out of memory")
    assert isinstance(events[-1], JobDone)


def test_loading_fails_on_demand() -> None:
    renderer = FakeRenderer(threaded=False)
    renderer.fail_loading("no such model")
    events = run(renderer)
    assert events[-1] == JobFailed(job=-1, failure=Failure.MODEL, sentence="no such model")


def test_noise_of_another_shape_fails_as_with_a_real_model() -> None:
    noise = replay(Lineage(root=SeedRoot(seed=1)), (4, 8, 8), "CHW")
    events = run(FakeRenderer(threaded=False), replace(job_of(1, 2), root_tensor=noise), job_of(2, 1))
    sentence = "the picture's noise has the shape (4, 8, 8), the model's (4, 16, 16)"
    assert events[2] == JobFailed(job=1, failure=Failure.SETTINGS, sentence=sentence)
    assert isinstance(events[-1], JobDone)


def test_drafts_have_the_same_noise_half_the_steps_and_no_record() -> None:
    events = run(FakeRenderer(threaded=False, steps=3), replace(job_of(3, 2, previews=True), is_draft=True))
    drafts = [event for event in events if isinstance(event, DraftRendered)]
    noises = [replay(task.lineage, (4, 16, 16), "CHW") for task in job_of(3, 2).tasks]
    assert [draft.index for draft in drafts] == [0, 1]
    assert [draft.picture for draft in drafts] == [paint(noise, "CHW", 32, 24, DRAFT_STRENGTH) for noise in noises]
    assert [type(event) for event in events[2:]] == [
        *(StepDone, PreviewRendered, PreviewRendered, StepDone),
        *(DraftRendered, DraftRendered, JobDone),
    ]
