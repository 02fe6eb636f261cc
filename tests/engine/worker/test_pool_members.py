"""Members that join, leave, die or differ, event by event, and what the person is told of them."""

from __future__ import annotations

from engine.rendering.events import (
    LOADING,
    Failure,
    JobDone,
    JobFailed,
    ModelReady,
    PictureRendered,
    RendererNoticed,
)
from tests.support.engine.pools import DIED, HandMember, HandPool, ends, indices, pictures, pool_of
from tests.support.engine.workers import LOAD, job_of


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


def test_what_members_notice_is_told_with_their_names() -> None:
    a = HandMember()
    pool = pool_of(a)
    a.tell(RendererNoticed(sentence="the GPU is hot"))
    assert pool.told() == [RendererNoticed(sentence="a: the GPU is hot")]
