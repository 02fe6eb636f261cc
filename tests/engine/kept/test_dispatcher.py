"""What the one renderer is asked for on behalf of several programs, and which program hears of what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.kept.dispatcher import MAX_REQUEST_BYTES, MAX_REQUESTS
from engine.rendering.events import (
    LOADING,
    DraftRendered,
    Failure,
    JobCancelled,
    JobDone,
    JobFailed,
    LoadingProgressed,
    Picture,
    PictureRendered,
    PreviewRendered,
    RendererNoticed,
    StepDone,
    TurnChanged,
    WorkerDied,
)
from engine.rendering.requests import CancelJob, CancelRound
from latentpng.noise.replay import record_of, replay
from latentpng.record import Lineage, SeedRoot
from tests.support.engine.kept import OTHER, Scene, ready
from tests.support.engine.workers import LOAD, job_of

A, B, C = 1, 2, 3
PIXEL = Picture(width=1, height=1, rgb=b"abc")
ROOT = Lineage(root=SeedRoot(seed=1))
RECORD = record_of(
    ROOT, replay(ROOT, (1, 2, 2), "CHW"), axes="CHW", root_tensor=None, settings={}, software={}, pixels=""
)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def picture(job: int, index: int) -> PictureRendered:
    return PictureRendered(job=job, index=index, picture=PIXEL, record=RECORD)


def test_one_request_at_a_time_is_handed_over_and_numbers_cannot_collide(scene: Scene) -> None:
    scene.loaded(A, B)
    scene.dispatcher.request(A, replace(job_of(5), round_id=9))
    scene.dispatcher.request(B, replace(job_of(5), round_id=9))
    assert scene.renderer.calls == [job_of(1)]
    scene.dispatcher.event(StepDone(job=1, indices=(0,), step=1, steps=3))
    scene.dispatcher.event(PreviewRendered(job=1, index=0, picture=PIXEL))
    scene.dispatcher.event(JobDone(job=1, seconds=1.0))
    assert scene.renderer.calls == [job_of(1), job_of(2)]
    scene.dispatcher.event(JobDone(job=2, seconds=2.0))
    assert scene.said(A) == [
        StepDone(job=5, indices=(0,), step=1, steps=3),
        PreviewRendered(job=5, index=0, picture=PIXEL),
        JobDone(job=5, seconds=1.0),
    ]
    assert scene.said(B) == [JobDone(job=5, seconds=2.0)]


def test_programs_are_told_their_place_when_it_changes(scene: Scene) -> None:
    scene.loaded(A, B, C)
    for client in (A, B, C):
        scene.dispatcher.request(client, job_of(1))
    assert [scene.places(client) for client in (A, B, C)] == [[], [1], [2]]
    scene.dispatcher.event(JobDone(job=1, seconds=1.0))
    assert [scene.places(client) for client in (A, B, C)] == [[], [1, 0], [2, 1]]
    scene.dispatcher.request(B, CancelJob(job=1))
    scene.dispatcher.event(JobCancelled(job=2))
    assert scene.places(C) == [2, 1, 0]


def test_a_load_ends_for_the_program_that_asked_for_it(scene: Scene) -> None:
    scene.dispatcher.request(A, LOAD)
    scene.dispatcher.event(LoadingProgressed(stage="weights"))
    scene.dispatcher.event(ready())
    assert scene.said(A) == [LoadingProgressed(stage="weights"), ready()]
    assert scene.said(B) == []


def test_what_is_loaded_is_answered_at_once_even_while_another_program_is_served(scene: Scene) -> None:
    scene.loaded(A)
    scene.dispatcher.request(A, job_of(1))
    with_prompt = replace(LOAD, settings=replace(LOAD.settings, prompt="a different prompt"))
    scene.dispatcher.request(B, with_prompt)
    assert scene.said(B) == [ready(with_prompt)]
    assert scene.renderer.calls == [job_of(1)]


def test_a_load_of_a_program_stays_behind_its_jobs(scene: Scene) -> None:
    scene.loaded(A)
    scene.dispatcher.request(A, job_of(1))
    scene.dispatcher.request(A, LOAD)
    assert scene.said(A) == []
    scene.dispatcher.event(JobDone(job=1, seconds=1.0))
    assert scene.said(A) == [JobDone(job=1, seconds=1.0), ready()]


def test_a_job_of_a_program_with_a_different_model_has_it_loaded_first(scene: Scene) -> None:
    scene.loaded(A)
    scene.dispatcher.request(B, OTHER)
    scene.dispatcher.event(ready(OTHER))
    scene.forget()
    scene.dispatcher.request(A, job_of(1))
    assert scene.renderer.calls == [LOAD]
    scene.dispatcher.event(LoadingProgressed(stage="weights"))
    scene.dispatcher.event(ready())
    assert scene.renderer.calls == [LOAD, job_of(1)]
    assert scene.said(A) == [LoadingProgressed(stage="weights"), ready()]
    assert scene.said(B) == []


def test_a_model_that_fails_to_load_again_fails_the_job(scene: Scene) -> None:
    scene.loaded(A)
    scene.dispatcher.request(B, OTHER)
    failure = JobFailed(job=LOADING, failure=Failure.MODEL, sentence="gone")
    scene.dispatcher.event(failure)
    assert scene.said(B) == [failure]
    scene.dispatcher.request(A, job_of(7))
    scene.dispatcher.event(failure)
    assert scene.said(A) == [failure, replace(failure, job=7)]
    scene.dispatcher.request(A, job_of(8))
    assert scene.renderer.calls == [OTHER, LOAD, LOAD], "the next job tries again"


def test_a_size_that_cannot_be_loaded_leaves_the_model_before(scene: Scene) -> None:
    scene.loaded(A)
    large = replace(LOAD, settings=replace(LOAD.settings, width=64))
    scene.dispatcher.request(A, large)
    scene.dispatcher.event(JobFailed(job=LOADING, failure=Failure.MEMORY, sentence="too large"))
    scene.dispatcher.request(A, job_of(1))
    assert scene.renderer.calls == [large, LOAD]


def test_a_job_without_any_load_is_refused(scene: Scene) -> None:
    scene.dispatcher.request(A, job_of(3))
    assert scene.said(A) == [JobFailed(job=3, failure=Failure.MODEL, sentence="no model is loaded yet")]
    assert scene.renderer.calls == []


def test_queued_jobs_are_cancelled_at_once_and_the_running_one_by_the_renderer(scene: Scene) -> None:
    scene.loaded(A, B)
    for job in (job_of(1), replace(job_of(2), round_id=4), replace(job_of(3), round_id=4)):
        scene.dispatcher.request(A, job)
    scene.dispatcher.request(B, CancelJob(job=1))
    scene.dispatcher.request(B, CancelRound(round_id=4))
    assert (scene.said(A), scene.said(B)) == ([], [])
    scene.dispatcher.request(A, CancelRound(round_id=4))
    assert scene.said(A) == [JobCancelled(job=2), JobCancelled(job=3)]
    scene.dispatcher.request(A, CancelJob(job=1))
    assert scene.renderer.calls[-1] == ("cancel", 1)
    scene.dispatcher.event(JobCancelled(job=1))
    assert scene.said(A)[-1] == JobCancelled(job=1)


def test_a_job_can_be_cancelled_while_its_model_is_loaded(scene: Scene) -> None:
    scene.loaded(A)
    scene.dispatcher.request(B, OTHER)
    scene.dispatcher.event(ready(OTHER))
    scene.forget()
    scene.dispatcher.request(A, job_of(1))
    scene.dispatcher.request(A, CancelJob(job=1))
    assert scene.said(A) == [JobCancelled(job=1)]
    scene.dispatcher.event(ready())
    assert scene.renderer.calls == [LOAD], "it is not rendered"
    assert scene.dispatcher.requests == 0


def test_work_ahead_is_interrupted_by_another_program_and_rendered_again(scene: Scene) -> None:
    scene.loaded(A, B)
    ahead = replace(job_of(1), priority=-1)
    scene.dispatcher.request(A, ahead)
    scene.dispatcher.event(picture(1, 0))
    scene.dispatcher.request(B, job_of(1))
    assert scene.renderer.calls == [ahead, ("cancel", 1)]
    scene.dispatcher.event(JobCancelled(job=1))
    scene.dispatcher.event(JobDone(job=2, seconds=1.0))
    assert scene.renderer.calls[2:] == [job_of(2), replace(ahead, job=3)], "all of it: its batches stay as they were"
    for event in (picture(3, 0), picture(3, 1), JobDone(job=3, seconds=1.0)):
        scene.dispatcher.event(event)
    assert scene.said(A) == [picture(1, 0), picture(1, 1), JobDone(job=1, seconds=1.0)], "each picture arrives once"


def test_work_by_hand_is_not_interrupted_by_another_program(scene: Scene) -> None:
    scene.loaded(A, B)
    scene.dispatcher.request(A, job_of(1))
    scene.dispatcher.request(B, replace(job_of(1), priority=9))
    assert scene.renderer.calls == [job_of(1)]


def test_work_ahead_that_is_interrupted_can_be_cancelled_by_its_program(scene: Scene) -> None:
    scene.loaded(A, B)
    scene.dispatcher.request(A, replace(job_of(1), priority=-1))
    scene.dispatcher.request(B, job_of(1))
    scene.dispatcher.request(A, CancelJob(job=1))
    assert scene.said(A) == [JobCancelled(job=1)]
    scene.dispatcher.event(JobCancelled(job=1))
    scene.dispatcher.event(JobDone(job=2, seconds=1.0))
    assert scene.dispatcher.requests == 0
    assert scene.said(A) == [JobCancelled(job=1)]


def test_work_ahead_never_takes_the_model_away_from_another_program(scene: Scene) -> None:
    scene.loaded(A)
    scene.dispatcher.request(B, OTHER)
    scene.dispatcher.event(ready(OTHER))
    scene.forget()
    scene.dispatcher.request(A, replace(job_of(1), priority=-1))
    assert scene.renderer.calls == []
    scene.dispatcher.leave(B)
    assert scene.renderer.calls == [LOAD], "nobody else needs the other model any more"


def test_a_program_that_leaves_gives_the_renderer_to_the_next_within_a_step(scene: Scene) -> None:
    scene.loaded(A, B)
    scene.dispatcher.request(A, job_of(1))
    scene.dispatcher.request(A, job_of(2))
    scene.dispatcher.request(B, job_of(1))
    scene.dispatcher.leave(A)
    assert scene.renderer.calls == [job_of(1), ("cancel", 1)]
    scene.dispatcher.event(picture(1, 0))
    scene.dispatcher.event(JobCancelled(job=1))
    assert scene.renderer.calls[2:] == [job_of(2)]
    assert scene.said(A) == []
    scene.dispatcher.request(A, job_of(9))
    assert scene.dispatcher.requests == 1, "nothing is taken in of a program that has left"


def test_a_program_that_leaves_while_its_model_is_loaded(scene: Scene) -> None:
    scene.dispatcher.request(A, LOAD)
    scene.dispatcher.request(B, LOAD)
    scene.dispatcher.leave(A)
    scene.dispatcher.event(ready())
    assert (scene.said(A), scene.said(B)) == ([], [ready()])
    assert scene.renderer.calls == [LOAD], "once"


def test_the_end_of_the_worker_is_told_to_all_and_the_next_job_loads_again(scene: Scene) -> None:
    scene.loaded(A, B)
    scene.dispatcher.request(A, job_of(4))
    scene.dispatcher.event(JobFailed(job=1, failure=Failure.CRASH, sentence="it died"))
    scene.dispatcher.event(WorkerDied(sentence="it died"))
    assert scene.said(A) == [
        JobFailed(job=4, failure=Failure.CRASH, sentence="it died"),
        WorkerDied(sentence="it died"),
    ]
    assert scene.said(B) == [WorkerDied(sentence="it died")]
    scene.dispatcher.request(B, job_of(1))
    assert scene.renderer.calls == [job_of(1), LOAD]


def test_what_the_renderer_notices_is_told_to_all_and_places_of_its_own_to_nobody(scene: Scene) -> None:
    scene.dispatcher.event(RendererNoticed(sentence="a worker left"))
    scene.dispatcher.event(TurnChanged(place=3))
    scene.dispatcher.event(JobDone(job=77, seconds=1.0))
    assert [scene.heard[client] for client in (A, B, C)] == [[RendererNoticed(sentence="a worker left")]] * 3


def test_the_queue_of_a_program_is_bounded(scene: Scene) -> None:
    scene.loaded(A)
    for number in range(MAX_REQUESTS + 1):
        scene.dispatcher.request(A, job_of(number))
    assert scene.said(A) == []
    scene.dispatcher.request(A, job_of(5000))
    scene.dispatcher.request(A, LOAD)
    sentence = "the worker that stays queues at most 1,000 requests of a program: wait until some are done"
    assert scene.said(A) == [JobFailed(job=job, failure=Failure.SETTINGS, sentence=sentence) for job in (5000, LOADING)]
    scene.dispatcher.request(A, CancelJob(job=999))
    assert scene.said(A)[2:] == [JobCancelled(job=999)], "it can still be told to stop"


def test_the_bytes_of_a_programs_queue_are_bounded(scene: Scene) -> None:
    scene.loaded(A)
    for number, size in ((1, 0), (2, MAX_REQUEST_BYTES - 10), (3, 10), (4, 1)):
        scene.dispatcher.request(A, job_of(number), size)
    sentence = "the worker that stays queues at most 512 MiB of requests of a program: wait until some are done"
    assert scene.said(A) == [JobFailed(job=4, failure=Failure.SETTINGS, sentence=sentence)]
    scene.dispatcher.request(B, job_of(1), 1)
    scene.dispatcher.request(A, CancelJob(job=3))
    scene.dispatcher.request(A, job_of(5), 10)
    assert scene.said(A)[1:] == [JobCancelled(job=3)], "there is room again"
    assert scene.dispatcher.requests == 4


def test_a_draft_of_work_ahead_that_was_interrupted_arrives_once(scene: Scene) -> None:
    scene.loaded(A, B)
    scene.dispatcher.request(A, replace(job_of(1), priority=-1, is_draft=True))
    first, second = (DraftRendered(job=1, index=index, picture=PIXEL) for index in (0, 1))
    scene.dispatcher.event(first)
    scene.dispatcher.request(B, job_of(1))
    scene.dispatcher.event(JobCancelled(job=1))
    scene.dispatcher.event(JobDone(job=2, seconds=1.0))
    for event in (replace(first, job=3), replace(second, job=3), JobDone(job=3, seconds=1.0)):
        scene.dispatcher.event(event)
    assert scene.said(A) == [first, second, JobDone(job=1, seconds=1.0)]


def test_every_program_hears_that_the_worker_is_there_with_its_place() -> None:
    scene = Scene().loaded(1)
    scene.dispatcher.request(1, job_of(1))
    scene.dispatcher.request(2, LOAD)
    scene.dispatcher.request(2, job_of(1))
    scene.forget()
    scene.dispatcher.say_alive()
    assert [scene.heard[client] for client in (1, 2, 3)] == [
        [TurnChanged(place=0)],
        [TurnChanged(place=1)],
        [TurnChanged(place=0)],
    ]


def test_a_program_gives_up_its_own_load_and_no_other() -> None:
    scene = Scene()
    scene.dispatcher.request(1, LOAD)
    scene.renderer.calls.clear()
    scene.dispatcher.request(2, CancelJob(job=LOADING))
    assert scene.renderer.calls == []
    scene.dispatcher.request(1, CancelJob(job=LOADING))
    assert scene.renderer.calls == [("cancel", LOADING)]
    failed = JobFailed(job=LOADING, failure=Failure.MODEL, sentence="loading the model was stopped")
    scene.dispatcher.event(failed)
    assert scene.said(1) == [failed]
