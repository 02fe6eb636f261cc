"""Batches: every task once, one size, and slots that do not depend on which of the pictures are rendered."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.diffusion.batches import next_batch
from engine.rendering.requests import PictureTask
from engine.rendering.slots import placed
from latentpng.record import Lineage, SeedRoot

LINEAGE = Lineage(root=SeedRoot(seed=1))


def tasks_of(count: int, slot: tuple[int, int] = (0, 0)) -> list[PictureTask]:
    return list(placed([PictureTask(index=index, lineage=LINEAGE, slot=slot) for index in range(count)]))


def slots_of(tasks: list[PictureTask], size: int) -> dict[int, tuple[int, int]]:
    """Return the slot of each picture that is rendered, by its index."""
    slots: dict[int, tuple[int, int]] = {}
    while tasks:
        batch = next_batch(tasks, size)
        slots |= {batch.tasks[slot].index: (batch.size, slot) for slot in batch.used}
        tasks = [task for task in tasks if task.index not in batch.indices]
    return slots


@given(count=st.integers(1, 70), most=st.integers(1, 64))
def test_batches_hold_every_task_once_in_order_and_have_one_size(count: int, most: int) -> None:
    todo = tasks_of(count)
    seen: list[int] = []
    while todo:
        batch = next_batch(todo, most)
        assert batch.size == min(count, most)
        seen += batch.indices
        todo = todo[len(batch.used) :]
    assert seen == list(range(count))


@given(count=st.integers(1, 30), most=st.integers(1, 12), data=st.data())
def test_a_part_of_the_pictures_keeps_the_slots_that_it_has_among_all(
    count: int, most: int, data: st.DataObject
) -> None:
    whole = tasks_of(count)
    part = data.draw(st.lists(st.sampled_from(whole), min_size=1, unique_by=lambda task: task.index))
    slots = slots_of(whole, most)
    assert slots_of(part, most) == {task.index: slots[task.index] for task in part}


def test_pictures_without_a_slot_are_counted_without_the_others() -> None:
    tasks = [replace(task, among=(0, 0)) for task in tasks_of(3)]
    tasks[0] = replace(tasks[0], slot=(1, 0))
    assert [task.among for task in placed(tasks)] == [(0, 0), (2, 0), (2, 1)]


def test_the_last_batch_is_padded_with_its_last_task() -> None:
    batch = next_batch(tasks_of(6)[4:], 4)
    assert [task.index for task in batch.tasks] == [4, 5, 5, 5]
    assert batch.indices == (4, 5)


def test_even_batches_are_smaller_where_the_last_one_is_padded_less() -> None:
    assert [next_batch(tasks_of(9), 8, is_even=is_even).size for is_even in (False, True)] == [8, 5]


@pytest.mark.parametrize(
    ("slot", "largest", "size", "kept"),
    [((8, 5), 64, 8, 5), ((8, 5), 4, 4, 1), ((1, 0), 64, 1, 0), ((10**6, 10**5), 64, 61, 21), ((4, -3), 64, 4, 0)],
)
def test_a_recorded_slot_is_kept_or_halved(slot: tuple[int, int], largest: int, size: int, kept: int) -> None:
    batch = next_batch(tasks_of(3, slot), 2, largest)
    assert (batch.size, batch.used, batch.indices) == (size, (kept,), (0,))


SLOTS = st.tuples(st.integers(0, 9), st.integers(0, 9))


@given(slots=st.lists(SLOTS, min_size=1, max_size=20), size=st.integers(1, 8), maximum=st.integers(1, 9))
def test_every_task_is_rendered_once_in_its_slot_beside_others_of_the_same_size(
    slots: list[tuple[int, int]], size: int, maximum: int
) -> None:
    todo = list(placed([PictureTask(index=index, lineage=LINEAGE, slot=slot) for index, slot in enumerate(slots)]))
    size = min(size, maximum)
    seen: list[int] = []
    while todo:
        batch = next_batch(todo, size, maximum)
        assert batch.size == len(batch.tasks) <= maximum
        assert todo[0].index in batch.indices, "the first one is never put off"
        for place in batch.used:
            count, slot = batch.tasks[place].slot
            assert count == 0 or (batch.size == count and place == slot % count) or count > maximum
        seen += batch.indices
        todo = [task for task in todo if task.index not in batch.indices]
    assert sorted(seen) == list(range(len(slots)))


def test_recorded_slots_of_one_size_share_a_batch_whose_free_slots_are_copies() -> None:
    slots = ((4, 3), (2, 0), (4, 1), (0, 0), (4, 3))
    todo = [PictureTask(index=index, lineage=LINEAGE, slot=slot) for index, slot in enumerate(slots)]
    batch = next_batch(todo, 3)
    assert [task.index for task in batch.tasks] == [0, 2, 0, 0]
    assert (batch.used, batch.indices) == ((1, 3), (2, 0))


def test_a_batch_of_recorded_slots_that_is_too_large_becomes_two() -> None:
    todo = [PictureTask(index=slot, lineage=LINEAGE, slot=(4, slot)) for slot in range(4)]
    first = next_batch(todo, 4, 2)
    assert (first.size, first.used, first.indices) == (2, (0, 1), (0, 1))
    second = next_batch(todo[2:], 4, 2)
    assert (second.size, second.used, second.indices) == (2, (0, 1), (2, 3))
