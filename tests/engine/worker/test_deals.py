"""Deals: every picture of a job in one of them, with a slot, and whole batches of one size."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.rendering.requests import InvertJob, PictureTask, RenderJob
from engine.worker.pool.deals import Deal, batch_size, deals_of, rest_of
from tests.support.engine.workers import SETTINGS, job_of

SLOTS = st.tuples(st.integers(0, 5), st.integers(0, 5))


def job_with(slots: list[tuple[int, int]]) -> RenderJob:
    job = job_of(7, count=len(slots))
    tasks = tuple(replace(task, slot=slot) for task, slot in zip(job.tasks, slots, strict=True))
    return replace(job, tasks=tasks, previews=True, priority=3)


def request_of(deal: Deal) -> RenderJob:
    assert isinstance(deal.request, RenderJob)
    return deal.request


def tasks_in(deal: Deal) -> tuple[PictureTask, ...]:
    return request_of(deal).tasks


@given(slots=st.lists(SLOTS, max_size=20), size=st.integers(1, 8))
def test_every_picture_is_dealt_once_with_a_slot_and_each_deal_is_one_batch(
    slots: list[tuple[int, int]], size: int
) -> None:
    job = job_with(slots)
    deals = deals_of(job, lambda _: size, itertools.count(100))
    assert [deal.number for deal in deals] == list(range(100, 100 + len(deals)))
    assert all(replace(request_of(deal), job=7, tasks=job.tasks) == job and deal.job == 7 for deal in deals)
    assert sorted(task.index for deal in deals for task in tasks_in(deal)) == list(range(len(slots)))
    firsts = [tasks_in(deal)[0].index for deal in deals]
    assert firsts == sorted(firsts), "what is asked for first is dealt first"
    for deal in deals:
        places = [task.slot for task in tasks_in(deal)]
        assert len(set(places)) == len(places)
        assert len({count for count, _ in places}) == 1
        for task in tasks_in(deal):
            assert task.slot == slots[task.index] or (slots[task.index][0] == 0 and task.slot[0] == size)
    free = sum(count == 0 for count, _ in slots)
    assert sum(slots[tasks_in(deal)[0].index][0] == 0 for deal in deals) == -(-free // size), "no batch too many"


@given(count=st.integers(1, 20), size=st.integers(1, 8), missing=st.sets(st.integers(0, 19)))
def test_a_part_of_a_grid_has_the_slots_that_it_has_in_the_whole_grid(count: int, size: int, missing: set[int]) -> None:
    whole = job_with([(0, 0)] * count)
    whole = replace(whole, tasks=tuple(replace(task, among=(count, task.index)) for task in whole.tasks))
    part = replace(whole, tasks=tuple(task for task in whole.tasks if task.index not in missing))
    given_to_all, given_to_part = (
        {task.index: task.slot for deal in deals_of(job, lambda _: size, itertools.count()) for task in tasks_in(deal)}
        for job in (whole, part)
    )
    assert given_to_part == {index: slot for index, slot in given_to_all.items() if index not in missing}
    assert given_to_all == {index: (size, index % size) for index in range(count)}


def test_pictures_that_are_only_followed_are_padded_as_little_as_possible() -> None:
    job = replace(job_with([(0, 0)] * 9), stop_after=2)
    deals = deals_of(job, lambda _: 4, itertools.count())
    assert [[task.slot for task in tasks_in(deal)] for deal in deals] == [[(3, 0), (3, 1), (3, 2)]] * 3


def test_the_noise_of_a_photograph_is_one_deal() -> None:
    job = InvertJob(job=7, width=8, height=8, rgb=bytes(192), settings=SETTINGS)
    assert deals_of(job, lambda _: 4, itertools.count(3)) == (Deal(request=replace(job, job=3), job=7),)


@pytest.mark.parametrize(
    ("pictures", "micro_batch", "batches", "members", "size"),
    [
        (8, 0, [8, 8], 2, 4),
        (9, 0, [8, 8], 2, 5),
        (8, 0, [8, 2], 2, 2),
        (8, 0, [0, 0], 3, 3),
        (8, 0, [8], 1, 8),
        (30, 0, [8, 8], 2, 8),
        (1, 0, [8, 8], 2, 1),
        (0, 0, [8], 2, 1),
        (8, 8, [8, 8], 2, 8),
        (3, 8, [8, 8], 2, 3),
        (8, 1, [1, 1], 2, 1),
    ],
)
def test_pictures_are_shared_evenly_up_to_the_largest_batch(
    pictures: int, micro_batch: int, batches: list[int], members: int, size: int
) -> None:
    assert batch_size(pictures, micro_batch=micro_batch, batches=batches, members=members) == size


def test_what_is_left_of_a_deal_keeps_its_slots() -> None:
    (deal,) = deals_of(job_with([(0, 0)] * 3), lambda _: 3, itertools.count(1))
    rest = rest_of(deal, {1}, itertools.count(9), "cuda:1")
    assert rest == Deal(
        request=replace(request_of(deal), job=9, tasks=(tasks_in(deal)[0], tasks_in(deal)[2])),
        job=7,
        crashes=("cuda:1",),
    )
    assert [task.slot for task in tasks_in(rest)] == [(3, 0), (3, 2)]
    assert rest_of(rest, {0, 2}, itertools.count(10)) is None


def test_a_photograph_is_inverted_again_unless_its_noise_has_arrived() -> None:
    job = InvertJob(job=7, width=8, height=8, rgb=bytes(192), settings=SETTINGS)
    (deal,) = deals_of(job, lambda _: 1, itertools.count(1))
    assert rest_of(deal, set(), itertools.count(2)) == Deal(request=replace(job, job=2), job=7)
    assert rest_of(deal, {0}, itertools.count(2)) is None
