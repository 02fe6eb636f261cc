"""Answers about files that are remembered for a while."""

from __future__ import annotations

import threading

import pytest

from engine.models.lookups import remembered, remembered_lookups

asked: list[object] = []


@remembered
def answer(number: int, *, fails: bool = False) -> int:
    """Return twice a number, and note that it was asked for."""
    asked.append(number)
    if fails:
        raise OSError("no")
    return 2 * number


def test_answers_are_remembered_within_a_block_only() -> None:
    asked.clear()
    assert (answer(1), answer(1)) == (2, 2)
    assert asked == [1, 1], "files change: outside of a block every question looks again"
    with remembered_lookups():
        with remembered_lookups():
            assert (answer(1), answer(1), answer(2)) == (2, 2, 4)
        assert answer(1) == 2
    assert asked == [1, 1, 1, 2]
    answer(1)
    assert asked == [1, 1, 1, 2, 1]


def test_what_is_raised_is_not_remembered() -> None:
    asked.clear()
    with remembered_lookups():
        for _ in range(2):
            with pytest.raises(OSError, match="no"):
                answer(3, fails=True)
    assert asked == [3, 3]


def test_other_threads_look_for_themselves() -> None:
    asked.clear()
    with remembered_lookups():
        answer(4)
        thread = threading.Thread(target=answer, args=(4,))
        thread.start()
        thread.join()
    assert asked == [4, 4]
