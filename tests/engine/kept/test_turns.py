"""The queue over programs: the order within each, and whose turn it is."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from engine.kept.turns import Entry, Turns
from engine.rendering.requests import CancelJob, CancelRound, LoadModel
from engine.worker.queue import JobQueue
from tests.support.engine.workers import LOAD, job_of

WORKS = st.lists(st.one_of(st.just(None), st.integers(-2, 2)), max_size=12)


def taken(turns: Turns) -> list[Entry]:
    found = []
    while entry := turns.take():
        found.append(entry)
    return found


def numbers(entries: list[Entry]) -> list[int]:
    return [-1 if isinstance(entry.work, LoadModel) else entry.work.job for entry in entries]


@given(WORKS)
def test_one_program_has_the_order_of_the_workers_own_queue(priorities: list[int | None]) -> None:
    turns, own = Turns(), JobQueue()
    for number, priority in enumerate(priorities):
        work = LOAD if priority is None else replace(job_of(number), priority=priority)
        turns.put(1, work)
        own.put(work)
    assert [entry.work for entry in taken(turns)] == [own.get() for _ in priorities]


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(-1, 1)), max_size=12))
def test_no_request_is_lost_and_priorities_hold_across_programs(jobs: list[tuple[int, int]]) -> None:
    turns = Turns()
    for number, (client, priority) in enumerate(jobs):
        turns.put(client, replace(job_of(number), priority=priority))
    found = taken(turns)
    assert sorted(numbers(found)) == list(range(len(jobs)))
    assert [entry.priority for entry in found] == sorted((priority for _, priority in jobs), reverse=True)


def test_equal_programs_take_turns() -> None:
    turns = Turns()
    for number in range(3):
        turns.put(1, job_of(number))
    turns.put(2, job_of(10))
    turns.put(2, job_of(11))
    turns.put(3, job_of(20))
    assert numbers(taken(turns)) == [0, 10, 20, 1, 11, 2]


def test_a_program_that_was_served_long_ago_comes_before_one_that_was_served_now() -> None:
    turns = Turns()
    turns.put(1, job_of(1))
    turns.put(2, job_of(2))
    assert numbers(taken(turns)) == [1, 2]
    turns.put(2, job_of(4))
    turns.put(1, job_of(3))
    assert numbers(taken(turns)) == [3, 4]


def test_an_entry_that_is_put_back_keeps_its_place_in_its_program() -> None:
    turns = Turns()
    turns.put(1, job_of(1))
    turns.put(1, job_of(2))
    entry = turns.take()
    assert entry is not None
    turns.put_back(entry)
    assert numbers(taken(turns)) == [1, 2]


def test_work_ahead_of_a_program_that_is_held_stays_in_the_queue() -> None:
    turns = Turns()
    turns.put(1, replace(job_of(1), priority=-1))
    turns.put(2, replace(job_of(2), priority=-1))
    first = turns.take(held=(1,))
    assert first is not None
    assert first.client == 2
    assert turns.take(held=(1,)) is None
    assert len(turns) == 1
    turns.put(1, job_of(3))
    assert numbers([entry for entry in (turns.take(held=(1,)),) if entry]) == [3]


def test_cancelling_names_jobs_of_one_program_only() -> None:
    turns = Turns()
    for client in (1, 2):
        turns.put(client, LOAD)
        turns.put(client, replace(job_of(1), round_id=7))
        turns.put(client, replace(job_of(2), round_id=7))
        turns.put(client, job_of(3))
    assert turns.cancel(1, CancelJob(job=3)) == (3,)
    assert turns.cancel(1, CancelRound(round_id=7)) == (1, 2)
    assert turns.cancel(1, CancelRound(round_id=0)) == ()
    assert turns.cancel(9, CancelJob(job=3)) == ()
    assert (turns.waiting(1), turns.waiting(2)) == (1, 4)


def test_the_place_counts_the_requests_of_others_that_come_before() -> None:
    turns = Turns()
    assert turns.places() == {}
    for number in range(3):
        turns.put(1, replace(job_of(number), priority=5))
    turns.put(2, job_of(10))
    turns.put(3, job_of(20))
    assert turns.places() == {1: 0, 2: 3, 3: 4}
    assert len(turns) == 5, "looking changes nothing"
    turns.leave(1)
    assert turns.places() == {2: 0, 3: 1}
    turns.put(4, replace(job_of(30), priority=-1))
    assert turns.places(held={4}) == {2: 0, 3: 1, 4: 2}


def test_places_beyond_99_are_not_told_apart() -> None:
    turns = Turns()
    for number in range(150):
        turns.put(1, replace(job_of(number), priority=1))
    turns.put(2, job_of(1))
    assert turns.places() == {1: 0, 2: 99}
