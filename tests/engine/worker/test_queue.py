"""The job queue: which entry comes next, and which are cancelled."""

from __future__ import annotations

import threading

from engine.rendering.requests import CancelJob, CancelRound, LoadModel, ModelChoice, RenderJob
from engine.rendering.settings import RenderSettings
from engine.worker.queue import JobQueue

SETTINGS = RenderSettings(prompt="a lake", width=64, height=64, num_inference_steps=2, guidance_scale=1.0)


def job(number: int, priority: int = 0, round_id: int = 0) -> RenderJob:
    return RenderJob(job=number, tasks=(), settings=SETTINGS, priority=priority, round_id=round_id)


def load(name: str) -> LoadModel:
    return LoadModel(model=ModelChoice(path="", name=name), settings=SETTINGS)


def order(jobs: JobQueue, count: int) -> list[str | int]:
    """Take so many entries, and return the numbers of jobs and the names of models."""
    found: list[str | int] = []
    for _ in range(count):
        work = jobs.get()
        assert work is not None
        found.append(work.model.name if isinstance(work, LoadModel) else work.job)
    return found


def queue_of(*works: RenderJob | LoadModel) -> JobQueue:
    jobs = JobQueue()
    for work in works:
        jobs.put(work)
    return jobs


def test_jobs_of_one_priority_come_in_order_of_arrival() -> None:
    assert order(queue_of(job(3), job(1), job(2)), 3) == [3, 1, 2]


def test_a_higher_priority_comes_first() -> None:
    jobs = queue_of(job(1, -1), job(2), job(3, -1), job(4, 5), job(5))
    assert order(jobs, 5) == [4, 2, 5, 1, 3]


def test_a_load_is_a_barrier() -> None:
    jobs = queue_of(load("a"), job(1, -1), load("b"), job(2, 9), load("c"), job(3, 10))
    assert order(jobs, 6) == ["a", 1, "b", 2, "c", 3]


def test_a_cancelled_job_comes_next_so_that_its_end_is_reported() -> None:
    jobs = queue_of(load("a"), job(1), job(2), job(3))
    jobs.cancel(CancelJob(job=3))
    assert [jobs.is_cancelled(number) for number in (1, 2, 3)] == [False, False, True]
    assert order(jobs, 4) == [3, "a", 1, 2]


def test_cancelled_jobs_are_taken_out_of_the_queue_but_not_the_running_one() -> None:
    jobs = queue_of(job(1), job(2), job(3))
    jobs.get()
    for number in (1, 3):
        jobs.cancel(CancelJob(job=number))
    assert jobs.take_cancelled() == (3,)
    assert [jobs.is_cancelled(number) for number in (1, 2, 3)] == [True, False, False]
    assert order(jobs, 1) == [2]


def test_a_round_is_cancelled_as_one_with_its_running_job() -> None:
    jobs = queue_of(job(1, round_id=7), job(2, round_id=8), job(3, round_id=7))
    assert order(jobs, 1) == [1]
    jobs.cancel(CancelRound(round_id=7))
    assert [jobs.is_cancelled(number) for number in (1, 2, 3)] == [True, False, True]


def test_jobs_without_a_round_are_not_cancelled_by_one() -> None:
    jobs = queue_of(job(1), job(2, round_id=3))
    jobs.cancel(CancelRound(round_id=0))
    assert not jobs.is_cancelled(1)
    assert not jobs.is_cancelled(2)


def test_jobs_that_are_over_or_unknown_are_ignored() -> None:
    jobs = queue_of(job(1, round_id=7))
    order(jobs, 1)
    jobs.done(1)
    jobs.cancel(CancelJob(job=1))
    jobs.cancel(CancelRound(round_id=7))
    jobs.cancel(CancelJob(job=99))
    jobs.put(job(1, round_id=8))
    jobs.put(job(99))
    assert not jobs.is_cancelled(1)
    assert not jobs.is_cancelled(99)


def test_get_waits_for_an_entry_and_close_ends_the_wait() -> None:
    jobs, found = JobQueue(), list[object]()

    def work() -> None:
        found.extend((jobs.get(), jobs.get()))

    thread = threading.Thread(target=work)
    thread.start()
    wanted = job(1)
    jobs.put(wanted)
    jobs.close()
    thread.join(10)
    assert not thread.is_alive()
    assert found[-1] is None
    assert found[0] in (wanted, None)
