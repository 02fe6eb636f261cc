"""What becomes of a grid that is being rendered ahead once the person asks for it, or for a different one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.open import Opening
from engine.rendering.events import JobCancelled, TurnChanged
from engine.search.answers import NoneBetter, Picked, Rerolled, Undone
from engine.search.grid import Grid
from engine.search.running import PARENT
from engine.search.session import tell
from tests.support.engine.searching import CANDIDATES, Running
from tests.support.engine.stepwise import Stepwise
from tests.support.engine.working_ahead import (
    INDICES,
    ahead,
    all_rendered,
    answers_of,
    begin,
    previews_of,
    progress_of,
)


def test_work_that_has_begun_is_taken_over_with_its_previews(held: Running, renderer: Stepwise) -> None:
    job = begin(held, renderer, 2, 4)
    preview = previews_of(held)[3]
    held.search.tell(Picked(marks=(1,)), CANDIDATES)
    assert (renderer.cancels, renderer.jobs[1:]) == ([], [job])
    assert [held.search.finished(index) is not None for index in INDICES] == [True, True, True, False]
    assert held.search.preview(3) is preview
    assert held.search.progress.running
    assert held.search.progress.fraction == pytest.approx((1 + 1 + 1 / 3) / 3)
    held.search.set_ahead(0)
    renderer.allow()
    held.finish()
    assert (renderer.cancels, renderer.jobs[1:]) == ([], [job])


@pytest.mark.parametrize("fail", [Stepwise.fail_next, Stepwise.die_next])
def test_a_failure_of_work_that_was_taken_over_is_one_of_the_search(
    held: Running, renderer: Stepwise, fail: Callable[[Stepwise, str], None]
) -> None:
    begin(held, renderer, 2, 4)
    fail(renderer, "the memory is full")
    held.search.tell(Picked(marks=(1,)), CANDIDATES)
    renderer.allow()
    held.until(lambda: bool(held.search.failure))
    assert held.search.failure == "the memory is full"
    held.search.ask_again()
    held.finish()
    assert [task.index for task in renderer.jobs[2].tasks] == [3]


def test_work_that_was_taken_over_and_waits_for_other_programs_is_asked_for_by_hand(
    held: Running, renderer: Stepwise
) -> None:
    job = begin(held, renderer, 2, 4)
    held.search.handle(TurnChanged(place=1))
    assert renderer.cancels == [], "nobody waits for it yet"
    held.search.tell(Picked(marks=(1,)), CANDIDATES)
    held.search.handle(TurnChanged(place=0))
    assert renderer.cancels == []
    held.search.handle(TurnChanged(place=1))
    held.search.handle(TurnChanged(place=2))
    assert renderer.cancels == [job.job]
    (asked,) = renderer.jobs[2:]
    assert (asked.tasks, asked.priority) == (tuple(task for task in job.tasks if task.index == 3), 0)
    held.search.set_ahead(0)
    renderer.allow()
    held.finish()


def test_work_that_has_not_begun_is_asked_for_by_hand(held: Running, renderer: Stepwise) -> None:
    held.search.set_ahead(1)
    (job,) = ahead(held)
    held.search.tell(NoneBetter(), CANDIDATES)
    assert renderer.cancels == [job.job]
    assert (renderer.jobs[-1].tasks, renderer.jobs[-1].priority) == (job.tasks, 0)


def test_work_that_lost_a_picture_meanwhile_is_asked_for_by_hand(held: Running, renderer: Stepwise) -> None:
    job = begin(held, renderer, 2, 4)
    lost = Grid.of(tell(held.search.session, Picked(marks=(1,)))).keys[1]
    held.search._pictures._store._pictures._remove(lost)
    held.search.tell(Picked(marks=(1,)), CANDIDATES)
    assert renderer.cancels == [job.job]
    assert [task.index for task in renderer.jobs[-1].tasks] == [1, 3]
    held.search.set_ahead(0)
    renderer.allow()
    held.finish()


def test_what_is_asked_for_by_hand_waits_for_no_step_of_a_wrong_guess(held: Running, renderer: Stepwise) -> None:
    job = begin(held, renderer, 2, 4)
    held.search.tell(Rerolled(), CANDIDATES)
    held.search.set_ahead(0)
    assert renderer.cancels == [job.job]
    done = len(renderer.begun)
    renderer.allow()
    held.finish()
    assert set(renderer.begun[done:]) == {renderer.jobs[-1].job}
    assert renderer.jobs[-1].priority == 0


def test_a_guess_that_was_cancelled_half_way_is_finished_with_the_same_bits(
    tmp_path: Path, opening: Opening, held: Running, renderer: Stepwise
) -> None:
    begin(held, renderer, 2, 4)
    held.search.tell(Rerolled(), CANDIDATES)
    held.search.set_ahead(0)
    renderer.allow()
    held.finish()
    held.tell(Undone())
    held.tell(Picked(marks=(1,)))
    assert [task.index for task in renderer.jobs[-1].tasks] == [3], "the others were kept"
    plain = Running(opening, tmp_path / "plain" / "s", renderer=Stepwise())
    plain.finish()
    plain.tell(Picked(marks=(1,)))
    assert all_rendered(held) == all_rendered(plain)
    plain.close()


def test_what_the_renderer_ends_by_itself_is_not_begun_again(held: Running, renderer: Stepwise) -> None:
    job = begin(held, renderer, 2, 1)
    held.search.set_ahead(2)
    held.search.handle(JobCancelled(job=job.job))
    held.search.look_at(2)
    assert answers_of(held, ahead(held)) == [2, 0]


def test_a_guess_that_has_failed_in_part_is_asked_for_by_hand(
    tmp_path: Path, opening: Opening, renderer: Stepwise
) -> None:
    held = Running(opening, tmp_path / "s", renderer=renderer, drafts=True)
    held.finish()
    renderer.hold()
    renderer.fail_next("the memory is full")
    held.search.look_at(2)
    held.search.set_ahead(1)
    _, drafts = ahead(held)
    renderer.allow(2)  # the parent fails, the first drafts begin
    held.until(lambda: progress_of(held).step == 1)
    held.search.tell(Picked(marks=(1,)), CANDIDATES)
    assert held.search.failure == ""
    assert drafts.job in renderer.cancels
    held.search.set_ahead(0)
    renderer.allow()
    held.finish()
    assert [job.priority for job in renderer.jobs[-2:]] == [0, 0]
    held.close()


def test_what_has_not_begun_of_work_that_is_taken_over_goes_before_what_nobody_waits_for(
    tmp_path: Path, opening: Opening, renderer: Stepwise
) -> None:
    held = Running(opening, tmp_path / "s", renderer=renderer, drafts=True)
    held.finish()
    renderer.hold()
    held.search.look_at(2)
    held.search.set_ahead(1)
    parent, drafts = ahead(held)
    renderer.allow(1)
    held.until(lambda: progress_of(held).step == 1)
    held.search.tell(Picked(marks=(1,)), CANDIDATES)
    assert renderer.cancels == [drafts.job], "the parent goes on where it is"
    assert replace(renderer.jobs[-1], job=0) == replace(drafts, job=0, priority=0)
    held.search.set_ahead(0)
    renderer.allow()
    held.finish()
    assert len([job for job in renderer.begun if job == parent.job]) == 3
    held.close()


def test_files_that_were_read_ahead_are_no_reason_to_wait_for_what_has_not_begun(
    held: Running, renderer: Stepwise
) -> None:
    held.search.set_ahead(1)
    guess = held.search._ahead._guess
    assert guess is not None
    guess.work.progress.picture_done(PARENT)  # as if it had been read from its file
    held.search.tell(NoneBetter(), CANDIDATES)
    assert renderer.cancels == [ahead(held)[0].job]
    assert renderer.jobs[-1].priority == 0
