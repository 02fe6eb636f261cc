"""How a job ends to which several things happen: what came first counts, and nothing is drawn or told twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.rendering.events import (
    DraftRendered,
    Event,
    Failure,
    JobCancelled,
    JobDone,
    JobFailed,
    Picture,
    RendererNoticed,
)
from tests.support.engine.pools import DIED, HandMember, HandPool, ends, indices, pool_of
from tests.support.engine.workers import job_of

PIXEL = Picture(width=1, height=1, rgb=b"abc")
GONE = RendererNoticed(sentence="a: it left")


def working_pool() -> tuple[HandPool, HandMember, HandMember]:
    """A pool with one job, of which each of two members has a picture, and two are in the queue."""
    a, b = HandMember(batch=1), HandMember(batch=1)
    pool = pool_of(a, b)
    pool.render(job_of(1, count=4))
    pool.settle()
    return pool, a, b


@pytest.mark.parametrize(
    ("happens", "notices"),
    [
        (lambda _, a: a.fail("too little memory"), []),
        (lambda _, a: a.die(), [RendererNoticed(sentence=f"a: {DIED}")]),
        (lambda pool, _: pool.remove("a", "it left"), [GONE]),
        (lambda _, a: a.end(), []),
    ],
)
def test_a_job_that_was_cancelled_ends_as_cancelled_whatever_happens_to_its_members(
    happens: Callable[[HandPool, HandMember], None], notices: list[Event]
) -> None:
    pool, a, b = working_pool()
    pool.cancel(1)
    pool.settle()
    happens(pool, a)
    assert pool.told() == notices, "b has not stopped"
    b.end()
    assert pool.told() == [JobCancelled(job=1)]
    assert (indices(a), indices(b)) == ([(0,)], [(1,)]), "nothing is dealt again"
    pool.close()


def test_the_first_failure_is_the_one_that_is_told() -> None:
    pool, a, b = working_pool()
    a.fail("too little memory")
    pool.cancel(1)
    pool.settle()
    b.fail("no such scheduler", Failure.SETTINGS)
    assert pool.told() == [JobFailed(job=1, failure=Failure.MEMORY, sentence="too little memory")]


@pytest.mark.parametrize("has_left", [True, False])
def test_a_draft_that_has_arrived_is_not_drawn_again_when_its_member_is_gone(*, has_left: bool) -> None:
    a, b = HandMember(), HandMember()
    pool = pool_of(a, b)
    pool.render(replace(job_of(1, count=4), is_draft=True))
    pool.settle()
    a.tell(DraftRendered(job=a.number, index=0, picture=PIXEL))
    b.tell(DraftRendered(job=b.number, index=2, picture=PIXEL))
    if has_left:
        pool.remove("a", "it left")
    else:
        a.die()
    pool.settle()
    b.tell(DraftRendered(job=b.number, index=3, picture=PIXEL))
    b.tell(JobDone(job=b.number, seconds=1.0))
    b.job = None
    pool.settle()
    assert indices(b) == [(2, 3), (1,)]
    b.tell(DraftRendered(job=b.number, index=1, picture=PIXEL))
    b.tell(JobDone(job=b.number, seconds=1.0))
    told = pool.told()
    assert [event.index for event in told if isinstance(event, DraftRendered)] == [0, 2, 3, 1]
    assert [type(event) for event in ends(told)] == [JobDone]
    pool.close()


def test_all_that_a_member_had_is_dealt_again_when_it_leaves() -> None:
    pool, _, b = working_pool()
    pool.remove("a", "it left")
    told = pool.told()
    for _ in range(4):
        b.end()
        told += pool.told()
    assert indices(b) == [(1,), (0,), (2,), (3,)]
    assert [type(event) for event in ends(told)] == [JobDone]
    assert told[0] == GONE
    pool.close()
