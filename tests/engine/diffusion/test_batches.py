"""Batches: every task once, one size, and recorded slots."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.diffusion.batches import batch_size, next_batch
from engine.rendering.requests import PictureTask
from latentpng.record import Lineage, SeedRoot

LINEAGE = Lineage(root=SeedRoot(seed=1))


def tasks_of(count: int, slot: tuple[int, int] = (0, 0)) -> list[PictureTask]:
    return [PictureTask(index=index, lineage=LINEAGE, slot=slot) for index in range(count)]


@given(count=st.integers(1, 70), most=st.integers(1, 64))
def test_batches_hold_every_task_once_in_order_and_have_one_size(count: int, most: int) -> None:
    todo = tasks_of(count)
    size = batch_size(todo, most)
    seen: list[int] = []
    while todo:
        batch = next_batch(todo, size)
        assert batch.size == size <= most
        seen += batch.indices
        todo = todo[len(batch.used) :]
    assert seen == list(range(count))


def test_the_last_batch_is_padded_with_its_last_task() -> None:
    batch = next_batch(tasks_of(2), 4)
    assert [task.index for task in batch.tasks] == [0, 1, 1, 1]
    assert batch.indices == (0, 1)


@pytest.mark.parametrize(
    ("slot", "largest", "size", "kept"),
    [((8, 5), 64, 8, 5), ((8, 5), 4, 4, 1), ((1, 0), 64, 1, 0), ((10**6, 10**5), 64, 61, 21), ((4, -3), 64, 4, 0)],
)
def test_a_recorded_slot_is_kept_or_halved(slot: tuple[int, int], largest: int, size: int, kept: int) -> None:
    batch = next_batch(tasks_of(3, slot), 2, largest)
    assert (batch.size, batch.used, batch.indices) == (size, (kept,), (0,))
