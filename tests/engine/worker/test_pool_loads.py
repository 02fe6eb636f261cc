"""What a pool does with loads, event by event: barriers, the first member that is ready, and members that fail."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.rendering.events import (
    LOADING,
    Failure,
    JobDone,
    JobFailed,
    LoadingProgressed,
    ModelReady,
    PictureRendered,
    RendererNoticed,
    WorkerDied,
)
from tests.support.engine.pools import DIED, HandMember, HandPool, ends, indices, pictures, pool_of
from tests.support.engine.workers import LOAD, SETTINGS, job_of


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
    assert pool.told() == [JobFailed(job=1, failure=Failure.MODEL, sentence="no model is loaded yet")]


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
