"""The pool, event by event: loads, deals, deaths, and what the person is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.rendering.events import (
    LOADING,
    DraftRendered,
    Event,
    Failure,
    JobCancelled,
    JobDone,
    JobFailed,
    LoadingProgressed,
    ModelReady,
    PhotoInverted,
    Picture,
    PictureRendered,
    PreviewRendered,
    RendererNoticed,
    StepDone,
    TurnChanged,
    WorkerDied,
)
from engine.rendering.renderer import Renderer
from engine.rendering.requests import InvertJob, RenderJob
from engine.worker.pool import PoolRenderer
from tests.support.engine.pools import DIED, HandMember, HandPool
from tests.support.engine.workers import LOAD, SETTINGS, job_of

PIXEL = Picture(width=1, height=1, rgb=b"abc")
NO_MODEL = "no model is loaded yet"


def pool_of(*members: HandMember, is_strict: bool = False, load: bool = True) -> HandPool:
    """Return a pool of members "a", "b" and so on, whose model is loaded, and forget what was told until then."""
    pool = HandPool(is_strict=is_strict)
    for name, member in zip("abc", members, strict=False):
        pool.join(name, member)
    if load:
        pool.load(LOAD)
        pool.settle()
        for member in members:
            member.ready()
    pool.told()
    return pool


def indices(member: HandMember) -> list[tuple[int, ...]]:
    """Return the indices of the pictures of everything that a member was ever dealt."""
    return [tuple(task.index for task in job.tasks) for job in member.dealt]


def ends(events: list[Event]) -> list[Event]:
    return [event for event in events if isinstance(event, JobDone | JobCancelled | JobFailed)]


def pictures(events: list[Event]) -> list[tuple[int, int]]:
    return [(event.job, event.index) for event in events if isinstance(event, PictureRendered)]


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


def test_a_load_is_a_barrier() -> None:
    a, b = HandMember(), HandMember()
    pool = pool_of(a, b)
    other = replace(LOAD, settings=replace(SETTINGS, width=32))
    pool.render(job_of(1, count=1))
    pool.load(other)
    pool.render(replace(job_of(2, count=1), priority=9))
    pool.settle()
    assert (indices(a), indices(b), a.loads, b.loads) == ([(0,)], [], [], [])
    a.end()
    pool.settle()
    assert (a.loads, b.loads) == ([other], [other])
    b.ready()
    pool.settle()
    assert indices(b) == [(0,)], "the first member that is ready begins"
    assert [type(event) for event in pool.told()] == [PictureRendered, JobDone, ModelReady]


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


def test_what_a_dead_member_had_not_finished_goes_to_the_others_at_once() -> None:
    a, b = HandMember(), HandMember()
    pool = pool_of(a, b)
    pool.render(job_of(1, count=8))
    pool.settle()
    a.picture()
    a.die()
    b.end()
    told = pool.told()
    assert [event for event in told if isinstance(event, RendererNoticed)] == [RendererNoticed(sentence=f"a: {DIED}")]
    assert (indices(a), indices(b)) == ([(0, 1, 2, 3)], [(4, 5, 6, 7), (1, 2, 3)])
    assert [task.slot for task in b.dealt[1].tasks] == [(4, 1), (4, 2), (4, 3)]
    b.end()
    told += pool.told()
    assert sorted(pictures(told)) == [(1, index) for index in range(8)]
    assert [type(event) for event in ends(told)] == [JobDone]


def test_a_dead_member_loads_again_when_there_is_work_for_it() -> None:
    a, b = HandMember(), HandMember()
    pool = pool_of(a, b)
    a.die()
    pool.settle()
    assert a.loads == [], "nothing is asked for"
    pool.render(job_of(1, count=2))
    pool.settle()
    assert a.loads == [LOAD]
    a.ready()
    told = pool.told()
    assert told == [RendererNoticed(sentence=f"a: {DIED}")], "the model is ready for the caller all the time"
    assert (indices(a), indices(b)) == ([(1,)], [(0,)])


def test_a_batch_that_crashes_two_members_fails_its_job() -> None:
    a, b, c = (HandMember(batch=1) for _ in range(3))
    pool = pool_of(a, b, c)
    pool.render(job_of(1, count=3))
    pool.settle()
    a.die("first")
    c.end()
    pool.settle()
    assert indices(c) == [(2,), (0,)]
    c.die("second")
    b_cancelled = b.number
    pool.settle()
    assert b.cancelled == [b_cancelled]
    assert ends(pool.told()) == [], "b has not stopped"
    b.end()
    assert ends(pool.told()) == [JobFailed(job=1, failure=Failure.CRASH, sentence="second")]


def test_a_batch_is_not_given_to_the_member_that_it_crashed_while_there_are_others() -> None:
    a, b = HandMember(batch=1), HandMember(batch=1)
    pool = pool_of(a, b)
    pool.render(job_of(1, count=2))
    pool.settle()
    a.die()
    pool.settle()
    a.ready()
    pool.settle()
    assert indices(a) == [(0,)]
    b.end()
    pool.settle()
    assert indices(b) == [(1,), (0,)]


def test_a_batch_goes_to_the_member_that_it_crashed_when_that_is_the_only_one() -> None:
    a = HandMember()
    pool = pool_of(a)
    pool.render(job_of(1, count=2))
    pool.settle()
    a.die()
    pool.settle()
    a.ready()
    pool.settle()
    a.end()
    assert [type(event) for event in pool.told()] == [RendererNoticed, PictureRendered, PictureRendered, JobDone]


def test_an_error_that_is_no_death_is_told_and_tried_once_more() -> None:
    a, b = HandMember(), HandMember()
    pool = pool_of(a, b)
    pool.render(job_of(1, count=1))
    pool.settle()
    a.fail("unexpected error: RuntimeError: x", Failure.CRASH)
    b_told = pool.told()
    b.end()
    assert b_told == [RendererNoticed(sentence="a: unexpected error: RuntimeError: x")]
    assert pictures(pool.told()) == [(1, 0)]


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


def test_the_model_is_ready_with_the_first_member_and_stages_are_told_once() -> None:
    a, b = HandMember(device="cuda:0", batch=4), HandMember(device="cuda:1")
    pool = HandPool()
    pool.join("a", a, "cuda:0")
    pool.join("b", b, "cuda:1")
    pool.load(replace(LOAD, device="cuda:0"))
    pool.settle()
    assert [member.loads[0].device for member in (a, b)] == ["cuda:0", "cuda:1"]
    for member in (a, b):
        member.progress("importing torch")
    b.ready()
    a.progress("loading weights")
    first, ready = pool.told()
    assert first == LoadingProgressed(stage="importing torch")
    assert isinstance(ready, ModelReady)
    assert (ready.request, ready.device, ready.batch) == (replace(LOAD, device="cuda:0"), "cuda:0, cuda:1", 8)
    a.ready()
    assert pool.told() == []


def test_a_member_that_cannot_load_is_named_and_the_others_work() -> None:
    a, b, c = HandMember(), HandMember(), HandMember()
    pool = pool_of(a, b, c, load=False)
    pool.load(LOAD)
    pool.settle()
    a.refuse("the file is not here")
    assert pool.told() == []
    b.ready()
    c.refuse("out of memory", Failure.MEMORY)
    told = pool.told()
    assert [type(event) for event in told] == [ModelReady, RendererNoticed, RendererNoticed]
    assert told[1:] == [
        RendererNoticed(sentence="a does not take part: the file is not here"),
        RendererNoticed(sentence="c does not take part: out of memory"),
    ]
    pool.render(job_of(1, count=2))
    pool.settle()
    assert (indices(a), indices(b), indices(c)) == ([], [(0, 1)], [])
    b.end()
    pool.load(LOAD)
    pool.settle()
    assert a.loads == [LOAD], "the next load is for all"


@pytest.mark.parametrize(
    ("sentences", "sentence"), [(("x", "x"), "x"), (("no file", "no GPU"), "a: no file; b: no GPU")]
)
def test_a_load_that_fails_everywhere_fails(sentences: tuple[str, str], sentence: str) -> None:
    a, b = HandMember(), HandMember()
    pool = pool_of(a, b, load=False)
    pool.load(LOAD)
    pool.render(job_of(1))
    pool.settle()
    for member, own in zip((a, b), sentences, strict=True):
        member.refuse(own)
    assert pool.told() == [JobFailed(job=job, failure=Failure.MODEL, sentence=sentence) for job in (LOADING, 1)]


def test_after_a_failed_load_jobs_go_on_with_the_model_before_it() -> None:
    a = HandMember()
    pool = pool_of(a)
    pool.load(replace(LOAD, settings=replace(SETTINGS, width=8)))
    pool.settle()
    a.refuse("no pictures of this size")
    pool.render(job_of(1))
    assert ends(pool.told()) == [JobFailed(job=LOADING, failure=Failure.MODEL, sentence="no pictures of this size")]
    assert a.loads == [LOAD]
    a.ready()
    pool.settle()
    a.end()
    assert [type(event) for event in pool.told()] == [ModelReady, PictureRendered, PictureRendered, JobDone]


def test_loads_that_follow_each_other_are_all_answered() -> None:
    a, b = HandMember(), HandMember()
    pool = pool_of(a, b, load=False)
    other = replace(LOAD, settings=replace(SETTINGS, width=32))
    pool.load(LOAD)
    pool.load(other)
    pool.settle()
    assert (a.loads, b.loads) == ([LOAD], [LOAD])
    a.ready()
    pool.settle()
    assert (a.loads, b.loads) == ([other], [LOAD, other])
    b.ready()
    b.ready()
    pool.render(job_of(1))
    told = pool.told()
    assert [event.request for event in told if isinstance(event, ModelReady)] == [LOAD, other]
    assert (indices(a), indices(b)) == ([], [(0,)]), "a has not loaded the second one"


def test_a_job_without_a_model_fails() -> None:
    pool = pool_of(HandMember(), load=False)
    pool.render(job_of(1))
    assert pool.told() == [JobFailed(job=1, failure=Failure.MODEL, sentence=NO_MODEL)]


def test_without_members_work_waits_for_the_first_one() -> None:
    pool = HandPool()
    pool.load(LOAD)
    pool.render(job_of(1, count=1))
    assert pool.told() == []
    a = HandMember()
    pool.join("a", a)
    a.ready()
    pool.settle()
    a.end()
    assert [type(event) for event in pool.told()] == [ModelReady, PictureRendered, JobDone]


def test_a_member_that_joins_later_is_told_and_takes_work() -> None:
    a, b = HandMember(batch=1), HandMember(batch=1)
    pool = pool_of(a)
    pool.render(job_of(1, count=3))
    pool.settle()
    pool.join("late", b)
    assert b.loads == [LOAD]
    b.ready()
    assert pool.told() == [RendererNoticed(sentence="late renders too from now on")]
    assert indices(b) == [(1,)]


def test_a_member_that_leaves_is_closed_and_gives_its_work_back() -> None:
    a, b = HandMember(), HandMember()
    pool = pool_of(a, b)
    pool.render(job_of(1, count=2))
    pool.settle()
    pool.remove("a", "its host is gone")
    pool.remove("nobody", "it never was")
    b.end()
    told = pool.told()
    assert told[0] == RendererNoticed(sentence="a: its host is gone")
    assert (indices(b), pictures(told)) == ([(1,), (0,)], [(1, 1)])
    a.die()
    assert pool.told() == [], "it is not heard any more"
    pool.close()
    assert a.is_closed
    assert b.is_closed


def test_when_all_members_are_gone_jobs_and_loads_fail() -> None:
    a = HandMember()
    pool = pool_of(a)
    pool.render(job_of(1))
    pool.remove("a", "its host is gone")
    pool.load(LOAD)
    pool.render(job_of(2))
    sentence = "no worker is left to render with: its host is gone"
    told = pool.told()
    pool.close()
    assert told == [
        RendererNoticed(sentence="a: its host is gone"),
        *(JobFailed(job=job, failure=Failure.CRASH, sentence=sentence) for job in (1, LOADING, 2)),
    ]


def test_members_that_differ_are_told() -> None:
    a, b = HandMember(fingerprint="1", device_name="RTX 1"), HandMember(fingerprint="2", device_name="RTX 2", torch="3")
    pool = pool_of(a, b, load=False)
    pool.load(LOAD)
    pool.settle()
    a.ready()
    b.ready()
    difference = "a different file of the model, device RTX 2 instead of RTX 1, torch 3 instead of unknown"
    assert pool.told()[1:] == [
        RendererNoticed(sentence=f"b differs from a ({difference}), so its pictures may differ in a few bits")
    ]
    pool.render(job_of(1, count=2))
    pool.settle()
    assert (indices(a), indices(b)) == ([(0,)], [(1,)])


def test_members_that_differ_take_no_part_with_strict() -> None:
    a, b = HandMember(device_name="RTX 1"), HandMember(device_name="RTX 2")
    pool = pool_of(a, b, is_strict=True, load=False)
    pool.load(LOAD)
    pool.settle()
    a.ready()
    b.ready()
    sentence = "b does not take part: b differs from a (device RTX 2 instead of RTX 1), and --strict was given"
    assert pool.told()[1:] == [RendererNoticed(sentence=sentence)]
    pool.render(job_of(1, count=2))
    pool.settle()
    assert (indices(a), indices(b)) == ([(0, 1)], [])


def test_a_member_that_cannot_load_again_gives_its_work_back() -> None:
    """It died unseen, was dealt a batch, and started again by itself."""
    a, b = HandMember(), HandMember()
    pool = pool_of(a, b)
    pool.render(job_of(1, count=2))
    pool.settle()
    a.tell(JobFailed(job=LOADING, failure=Failure.MODEL, sentence="the file is gone"))
    a.fail("the file is gone", Failure.MODEL)
    b.end()
    pool.settle()
    b.end()
    told = pool.told()
    assert told[0] == RendererNoticed(sentence="a does not take part: the file is gone")
    assert sorted(pictures(told)) == [(1, 0), (1, 1)]


def test_a_member_that_started_again_by_itself_goes_on() -> None:
    a = HandMember()
    pool = pool_of(a)
    pool.render(job_of(1, count=1))
    pool.settle()
    a.tell(WorkerDied(sentence="unseen"))
    a.loads.append(LOAD)
    a.ready()
    a.end()
    told = pool.told()
    assert told[0] == RendererNoticed(sentence="a: unseen")
    assert [type(event) for event in told[1:]] == [PictureRendered, JobDone]


def test_a_worker_that_dies_while_it_loads_is_told_once() -> None:
    a, b = HandMember(), HandMember()
    pool = pool_of(a, b, load=False)
    pool.load(LOAD)
    pool.settle()
    a.ready()
    b.die()
    assert pool.told()[1:] == [RendererNoticed(sentence=f"b does not take part: {DIED}")]


def test_what_members_notice_is_told_with_their_names() -> None:
    a = HandMember()
    pool = pool_of(a)
    a.tell(RendererNoticed(sentence="the GPU is hot"))
    assert pool.told() == [RendererNoticed(sentence="a: the GPU is hot")]


def test_a_job_without_pictures_is_done() -> None:
    pool = pool_of(HandMember())
    pool.render(RenderJob(job=1, tasks=(), settings=SETTINGS))
    assert [type(event) for event in pool.told()] == [JobDone]
