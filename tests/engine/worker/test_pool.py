"""What a pool does with jobs, event by event: how they are dealt, passed on, cancelled and ended."""

from __future__ import annotations

from dataclasses import replace

from engine.rendering.events import (
    DraftRendered,
    Failure,
    JobCancelled,
    JobDone,
    JobFailed,
    PhotoInverted,
    Picture,
    PictureRendered,
    PreviewRendered,
    RendererNoticed,
    StepDone,
    TurnChanged,
)
from engine.rendering.renderer import Renderer
from engine.rendering.requests import InvertJob, RenderJob
from engine.worker.pool.renderer import PoolRenderer
from tests.support.engine.pools import HandMember, ends, indices, pictures, pool_of
from tests.support.engine.workers import LOAD, SETTINGS, job_of

PIXEL = Picture(width=1, height=1, rgb=b"abc")


def test_it_is_a_renderer() -> None:
    renderer: Renderer = PoolRenderer()
    renderer.close()


def test_a_grid_is_dealt_in_batches_of_one_size_with_slots() -> None:
    a, b = HandMember(), HandMember()
    pool = pool_of(a, b)
    pool.render(job_of(1, count=7))
    pool.settle()
    assert [[task.slot for task in member.dealt[0].tasks] for member in (a, b)] == [
        [(4, 0), (4, 1), (4, 2), (4, 3)],
        [(4, 0), (4, 1), (4, 2)],
    ]
    b.end()
    a.picture()
    assert pictures(pool.told()) == [(1, 4), (1, 5), (1, 6), (1, 0)], "pictures are passed on as they come"
    a.end()
    told = pool.told()
    assert pictures(told) == [(1, 1), (1, 2), (1, 3)]
    assert [(type(event), event.job) for event in told if isinstance(event, JobDone)] == [(JobDone, 1)]


def test_a_member_gets_the_next_batch_when_it_is_done() -> None:
    a, b = HandMember(batch=2), HandMember(batch=3)
    pool = pool_of(a, b)
    pool.render(job_of(1, count=8))
    pool.settle()
    a.end()
    pool.settle()
    a.end()
    pool.settle()
    assert (indices(a), indices(b)) == ([(0, 1), (4, 5), (6, 7)], [(2, 3)])


def test_the_batch_that_was_asked_for_is_kept() -> None:
    a, b = HandMember(), HandMember()
    pool = pool_of(a, b, load=False)
    pool.load(replace(LOAD, micro_batch=3))
    pool.settle()
    a.ready()
    b.ready()
    pool.render(job_of(1, count=8))
    pool.settle()
    a.end()
    pool.settle()
    assert (indices(a), indices(b)) == ([(0, 1, 2), (6, 7)], [(3, 4, 5)])
    assert {task.slot[0] for job in (*a.dealt, *b.dealt) for task in job.tasks} == {3}


def test_recorded_slots_are_kept_and_put_together() -> None:
    a, b = HandMember(), HandMember()
    pool = pool_of(a, b)
    job = job_of(1, count=4)
    slots = ((1, 0), (8, 5), (0, 0), (8, 2))
    pool.render(
        replace(job, tasks=tuple(replace(task, slot=slot) for task, slot in zip(job.tasks, slots, strict=True)))
    )
    pool.settle()
    assert (indices(a), indices(b)) == ([(0,)], [(1, 3)])
    assert [task.slot for task in b.dealt[0].tasks] == [(8, 5), (8, 2)]


def test_drafts_previews_steps_and_photographs_are_passed_on_with_the_number_of_the_caller() -> None:
    a = HandMember()
    pool = pool_of(a)
    pool.render(replace(job_of(31), is_draft=True, stop_after=2))
    pool.settle()
    assert a.dealt[0].is_draft
    assert a.dealt[0].stop_after == 2
    own = a.number
    a.tell(StepDone(job=own, indices=(0, 1), step=1, steps=2))
    a.tell(PreviewRendered(job=own, index=1, picture=PIXEL))
    a.tell(DraftRendered(job=own, index=1, picture=PIXEL))
    a.tell(PreviewRendered(job=own + 1000, index=1, picture=PIXEL))
    a.tell(TurnChanged(place=3))
    assert pool.told() == [
        StepDone(job=31, indices=(0, 1), step=1, steps=2),
        PreviewRendered(job=31, index=1, picture=PIXEL),
        DraftRendered(job=31, index=1, picture=PIXEL),
    ]


def test_a_photograph_goes_to_one_member() -> None:
    a, b = HandMember(), HandMember()
    pool = pool_of(a, b)
    pool.render(job_of(1, count=1))
    pool.settle()
    a.picture()
    (rendered,) = (event for event in pool.told() if isinstance(event, PictureRendered))
    photo = InvertJob(job=8, width=8, height=8, rgb=bytes(192), settings=SETTINGS)
    pool.render(photo)
    pool.settle()
    assert b.job == replace(photo, job=b.number)
    b.tell(PhotoInverted(job=b.number, picture=PIXEL, record=rendered.record))
    assert pool.told() == [PhotoInverted(job=8, picture=PIXEL, record=rendered.record)]
    b.die()
    assert [type(event) for event in pool.told()] == [RendererNoticed, JobDone], "its noise has arrived"


def test_a_job_of_a_higher_priority_comes_first_but_interrupts_nothing() -> None:
    a = HandMember(batch=2)
    pool = pool_of(a)
    for number, priority in ((1, 0), (2, -1), (3, 0), (4, 5)):
        pool.render(replace(job_of(number, count=4 if number == 1 else 1), priority=priority))
    pool.settle()
    for _ in range(5):
        a.end()
        pool.settle()
    assert pictures(pool.told()) == [(1, 0), (1, 1), (4, 0), (1, 2), (1, 3), (3, 0), (2, 0)]


def test_a_cancelled_job_ends_once_when_all_members_have_stopped() -> None:
    a, b = HandMember(batch=1), HandMember(batch=1)
    pool = pool_of(a, b)
    pool.render(job_of(1, count=4))
    pool.settle()
    pool.cancel(1)
    pool.cancel(1)
    pool.settle()
    assert (a.cancelled, b.cancelled) == ([a.number] * 2, [b.number] * 2)
    a.end()
    assert ends(pool.told()) == []
    b.end()
    assert ends(pool.told()) == [JobCancelled(job=1)]
    assert (indices(a), indices(b)) == ([(0,)], [(1,)]), "what was in the queue is not dealt"
    pool.cancel(1)
    assert pool.told() == []


def test_a_cancelled_job_ends_at_once_where_no_member_works_on_it() -> None:
    a = HandMember()
    pool = pool_of(a)
    pool.render(job_of(1))
    pool.load(LOAD)
    for number, round_id in ((2, 5), (3, 6), (4, 5), (5, 0)):
        pool.render(replace(job_of(number), round_id=round_id))
    pool.cancel_round(5)
    pool.cancel_round(0)
    assert pool.told() == [JobCancelled(job=2), JobCancelled(job=4)], "also behind a load"


def test_any_other_failure_fails_the_job_once() -> None:
    a, b = HandMember(batch=1), HandMember(batch=1)
    pool = pool_of(a, b)
    pool.render(job_of(1, count=3))
    pool.settle()
    a.fail("too little memory")
    pool.settle()
    assert b.cancelled == [b.number]
    b.end()
    assert pool.told() == [JobFailed(job=1, failure=Failure.MEMORY, sentence="too little memory")]
    pool.render(job_of(2, count=1))
    pool.settle()
    assert indices(a)[1:] == [(0,)], "the member goes on"


def test_a_job_without_pictures_is_done() -> None:
    pool = pool_of(HandMember())
    pool.render(RenderJob(job=1, tasks=(), settings=SETTINGS))
    assert [type(event) for event in pool.told()] == [JobDone]
