"""Which request comes next, and which are cancelled."""

from __future__ import annotations

import threading

from engine.rendering.requests import CancelJob, CancelRound, LoadModel, ModelChoice, RenderJob
from engine.rendering.settings import RenderSettings
from engine.worker.queue import Waiting

SETTINGS = RenderSettings(prompt="a lake", width=64, height=64, num_inference_steps=2, guidance_scale=1.0)


def job(number: int, priority: int = 0, round_id: int = 0) -> RenderJob:
    return RenderJob(job=number, tasks=(), settings=SETTINGS, priority=priority, round_id=round_id)


def load(name: str) -> LoadModel:
    return LoadModel(model=ModelChoice(path="", name=name), settings=SETTINGS)


def order(waiting: Waiting, count: int) -> list[str | int]:
    """What comes next, so many times: numbers of jobs, names of models."""
    found: list[str | int] = []
    for _ in range(count):
        work = waiting.get()
        assert work is not None
        found.append(work.job if isinstance(work, RenderJob) else work.model.name)
    return found


def waiting_for(*works: RenderJob | LoadModel) -> Waiting:
    waiting = Waiting()
    for work in works:
        waiting.put(work)
    return waiting


def test_jobs_of_one_priority_come_as_they_were_asked_for() -> None:
    assert order(waiting_for(job(3), job(1), job(2)), 3) == [3, 1, 2]


def test_a_higher_priority_comes_first() -> None:
    waiting = waiting_for(job(1, -1), job(2), job(3, -1), job(4, 5), job(5))
    assert order(waiting, 5) == [4, 2, 5, 1, 3]


def test_a_load_is_a_border() -> None:
    waiting = waiting_for(load("a"), job(1, -1), load("b"), job(2, 9), load("c"), job(3, 10))
    assert order(waiting, 6) == ["a", 1, "b", 2, "c", 3]


def test_what_is_cancelled_comes_next_so_that_its_end_is_told() -> None:
    waiting = waiting_for(load("a"), job(1), job(2), job(3))
    waiting.cancel(CancelJob(job=3))
    assert [waiting.is_cancelled(number) for number in (1, 2, 3)] == [False, False, True]
    assert order(waiting, 4) == [3, "a", 1, 2]


def test_a_round_is_cancelled_as_one_also_what_runs() -> None:
    waiting = waiting_for(job(1, round_id=7), job(2, round_id=8), job(3, round_id=7))
    assert order(waiting, 1) == [1]
    waiting.cancel(CancelRound(round_id=7))
    assert [waiting.is_cancelled(number) for number in (1, 2, 3)] == [True, False, True]


def test_jobs_of_no_round_are_not_cancelled_by_one() -> None:
    waiting = waiting_for(job(1), job(2, round_id=3))
    waiting.cancel(CancelRound(round_id=0))
    assert not waiting.is_cancelled(1)
    assert not waiting.is_cancelled(2)


def test_what_is_over_or_unknown_is_left_alone() -> None:
    waiting = waiting_for(job(1, round_id=7))
    order(waiting, 1)
    waiting.done(1)
    waiting.cancel(CancelJob(job=1))
    waiting.cancel(CancelRound(round_id=7))
    waiting.cancel(CancelJob(job=99))
    waiting.put(job(1, round_id=8))
    waiting.put(job(99))
    assert not waiting.is_cancelled(1)
    assert not waiting.is_cancelled(99)


def test_the_next_one_is_waited_for_and_close_ends_the_wait() -> None:
    waiting, found = Waiting(), list[object]()

    def work() -> None:
        found.extend((waiting.get(), waiting.get()))

    thread = threading.Thread(target=work)
    thread.start()
    wanted = job(1)
    waiting.put(wanted)
    waiting.close()
    thread.join(10)
    assert not thread.is_alive()
    assert found[-1] is None
    assert found[0] in (wanted, None)
