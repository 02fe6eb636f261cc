"""Drafts that become pictures: picked, starred, finished ahead, or finished because drafts are turned off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.fake import FakeRenderer
from engine.open import Opening, open_prompt
from engine.search.ahead import AHEAD_PRIORITY
from engine.search.answers import Picked, Rerolled, Undone
from engine.search.running import PARENT
from latentpng.png.files import read_record
from latentpng.record import Round
from tests.support.engine.drafting import (
    OPTIONS,
    drafting,
    held,
    kinds,
    pictures,
    saved,
    summary,
)
from tests.support.engine.searching import CANDIDATES, Running, resumed


@pytest.fixture
def opening() -> Opening:
    return open_prompt(OPTIONS, "a red sun over a lake")


def test_a_picked_draft_stands_in_for_its_picture_which_is_rendered_first(tmp_path: Path, opening: Opening) -> None:
    running = held(opening, tmp_path / "s")
    running.renderer.release()
    running.finish()
    draft, count = running.search.draft(2), len(running.renderer.jobs)
    running.renderer.hold()
    running.search.tell(Picked(marks=(1,)), CANDIDATES)
    assert draft is not None
    assert running.search.draft(PARENT) is draft
    assert kinds(running) == ["draft", "nothing", "nothing", "nothing"]
    running.renderer.release()
    running.finish()
    assert summary(running.renderer.jobs[count:]) == [(False, [PARENT]), (True, [1, 2, 3])]
    assert kinds(running) == ["finished", "draft", "draft", "draft"]
    running.close()


def test_a_picked_draft_gets_the_bits_and_the_record_of_a_picture_of_a_search_without_drafts(
    tmp_path: Path, opening: Opening
) -> None:
    found = []
    for are_drafts in (True, False):
        running = held(opening, tmp_path / str(are_drafts), drafts=are_drafts)
        running.search.tell(Picked(marks=(1,)), CANDIDATES)  # before any candidate is rendered
        running.renderer.release()
        running.finish()
        running.until(lambda search=running.search: search.file(1) is not None)  # type: ignore[misc]
        found.append((running.search.finished(PARENT), Path(str(running.search.file(1))).read_bytes()))
        running.close()
    assert found[0] == found[1]
    record = read_record(tmp_path / "True" / "002-round1.png")
    assert record.settings["steps"] == opening.beginning.settings.num_inference_steps


@pytest.mark.parametrize("hold", [True, False])
def test_without_drafts_the_grid_becomes_the_one_that_it_would_have_been(
    tmp_path: Path, opening: Opening, hold: bool
) -> None:
    plain = Running(opening, tmp_path / "plain")
    plain.finish()
    running = held(opening, tmp_path / "s", micro_batch=4)
    if not hold:
        running.renderer.release()
        running.finish()
    drafts = running.renderer.jobs[-1]
    running.search.set_drafts(False)
    running.renderer.release()
    running.finish()
    assert (drafts.job in running.renderer.cancels) is hold
    assert summary(running.renderer.jobs[-1:]) == [(False, [1, 2, 3])]
    assert pictures(running) == pictures(plain)
    plain.close()
    running.close()


def test_drafts_stay_on_the_screen_until_they_are_finished(tmp_path: Path, opening: Opening) -> None:
    running = held(opening, tmp_path / "s")
    running.renderer.release()
    running.finish()
    running.renderer.hold_after(2)
    running.search.set_drafts(False)
    running.until(lambda: running.search.finished(2) is not None)
    assert kinds(running) == ["finished", "finished", "finished", "draft"]
    running.close()


def test_with_drafts_finished_pictures_and_the_running_job_are_left_alone(tmp_path: Path, opening: Opening) -> None:
    running = held(opening, tmp_path / "s", drafts=False)
    running.search.set_drafts(True)
    running.renderer.release()
    running.finish()
    assert kinds(running) == ["finished"] * 4
    assert running.renderer.cancels == []
    running.tell(Picked(marks=(0,)))
    assert kinds(running) == ["finished", "draft", "draft", "draft"]
    running.close()


def test_a_star_is_there_at_once_and_its_file_once_the_draft_is_finished(tmp_path: Path, opening: Opening) -> None:
    running = held(opening, tmp_path / "s")
    drafts = running.renderer.jobs[-1]
    assert running.search.star(3)
    assert running.search.is_starred(3)
    assert drafts.job in running.renderer.cancels, "it is finished before all others"
    jobs = running.renderer.jobs[-2:]
    assert summary(jobs) == [(False, [3]), (True, [1, 2])]
    assert [task.slot for task in jobs[0].tasks] == [(1, 0)]
    running.renderer.release()
    running.finish()
    assert kinds(running) == ["finished", "draft", "draft", "finished"]
    running.close()
    assert len(saved(tmp_path / "s")) == 2
    record = read_record(tmp_path / "s" / "002-round1.png")
    assert (record.lineage, record.settings["slot"]) == (running.search.plan.candidates[2], [1, 0])


def test_a_finished_draft_renders_nothing_again(tmp_path: Path, opening: Opening) -> None:
    running = drafting(opening, tmp_path / "s")
    running.search.finish(2)
    running.finish()
    assert kinds(running) == ["finished", "draft", "finished", "draft"]
    rendered = running.rendered()
    for index in (PARENT, 2):
        running.search.finish(index)
        running.search.star(index)
    assert running.rendered() == rendered
    running.close()


def test_finishing_a_picture_ends_thumbnails(tmp_path: Path, opening: Opening) -> None:
    grown = opening.beginning.lineage.child(Round(seed=1, scale=0.5, of=CANDIDATES))
    opened = replace(opening, beginning=replace(opening.beginning, lineage=grown))
    running = held(opened, tmp_path / "s")
    running.renderer.release()
    running.finish()
    running.renderer.hold()
    running.search.render_thumbnails((0,))
    thumbnails = running.renderer.jobs[-1]
    running.search.finish(1)
    assert thumbnails.job in running.renderer.cancels
    running.renderer.release()
    running.finish()
    running.close()


def test_drafts_that_were_finished_elsewhere_stay_so_after_drafts_are_on_again(
    tmp_path: Path, opening: Opening
) -> None:
    running = drafting(opening, tmp_path / "s")
    running.search.set_drafts(False)
    running.finish()
    running.search.set_drafts(True)
    running.tell(Rerolled())
    running.tell(Undone())
    assert kinds(running) == ["finished"] * 4
    running.close()


def test_a_star_while_candidates_are_chosen_waits_for_the_choice(tmp_path: Path, opening: Opening) -> None:
    renderer = FakeRenderer()
    renderer.hold()
    running = Running(opening, tmp_path / "s", renderer=renderer, is_varied=True, drafts=True)
    assert running.search.star(1)
    assert renderer.cancels == []
    renderer.release()
    running.finish()
    at = running.search.session.place.marks.index(0) + 1 if 0 in running.search.session.place.marks else 0
    assert running.search.finished(at) is not None
    running.close()


def test_a_starred_picture_that_was_never_finished_is_when_the_search_goes_on(tmp_path: Path, opening: Opening) -> None:
    running = held(opening, tmp_path / "s")
    running.search.star(2)
    running.close()
    again = resumed(tmp_path / "s", drafts=True)
    again.finish()
    assert kinds(again) == ["finished", "draft", "finished", "draft"]
    again.close()
    assert len(saved(tmp_path / "s")) == 2


def test_work_ahead_renders_drafts_and_finishes_what_may_be_picked(tmp_path: Path, opening: Opening) -> None:
    running = drafting(opening, tmp_path / "s")
    count = len(running.renderer.jobs)
    running.search.look_at(2)
    running.search.set_ahead(1)
    running.until(lambda: running.search.is_ready(2))
    assert summary(running.renderer.jobs[count:]) == [(False, [PARENT]), (True, [1, 2, 3])]
    assert {job.priority for job in running.renderer.jobs[count:]} == {AHEAD_PRIORITY}
    running.search.set_ahead(0)
    rendered = running.rendered()
    running.search.tell(Picked(marks=(1,)), CANDIDATES)
    assert kinds(running) == ["finished", "draft", "draft", "draft"]
    running.take_events()
    assert running.rendered() == rendered
    running.close()


def test_without_drafts_what_is_rendered_ahead_is_rendered_in_full_again(tmp_path: Path, opening: Opening) -> None:
    running = drafting(opening, tmp_path / "s")
    running.search.look_at(2)
    running.search.set_ahead(1)
    running.until(lambda: running.search.is_ready(2))
    count = len(running.renderer.jobs)
    running.search.set_drafts(False)
    assert not running.search.is_ready(2)
    running.finish()
    running.until(lambda: running.search.is_ready(2))
    assert summary(running.renderer.jobs[count : count + 2]) == [(False, [1, 3]), (False, [1, 2, 3])]
    assert running.renderer.jobs[count + 1].priority == AHEAD_PRIORITY
    running.close()


def test_a_draft_that_work_ahead_has_finished_is_shown_and_kept(tmp_path: Path, opening: Opening) -> None:
    running = drafting(opening, tmp_path / "s", keep_all=True)
    running.search.look_at(2)
    running.search.set_ahead(1)
    changed = running.take_events()
    assert kinds(running) == ["finished", "draft", "finished", "draft"]
    assert changed.count(2) == 1
    assert PARENT not in changed, "the other pictures are of a different grid"
    running.close()
    assert len(saved(tmp_path / "s")) == 2


def test_a_draft_that_is_finished_goes_before_work_ahead(tmp_path: Path, opening: Opening) -> None:
    running = held(opening, tmp_path / "s")
    running.renderer.release()
    running.finish()
    running.renderer.hold()
    running.search.set_ahead(1)
    ahead = [job for job in running.renderer.jobs if job.priority == AHEAD_PRIORITY]
    running.search.finish(1)
    assert {job.job for job in ahead} <= set(running.renderer.cancels)
    running.renderer.release()
    running.finish()
    assert kinds(running)[1] == "finished"
    running.close()


def test_a_search_learns_from_drafts_that_were_rendered_ahead(tmp_path: Path, opening: Opening) -> None:
    running = drafting(opening, tmp_path / "s")
    running.search.look_at(2)
    running.search.set_ahead(1)
    running.until(lambda: running.search.is_ready(2))
    before = running.search.law
    running.search.tell(Picked(marks=(1,)), CANDIDATES)
    assert running.search.law != before
    running.close()


def test_after_stop_nothing_is_finished(tmp_path: Path, opening: Opening) -> None:
    running = drafting(opening, tmp_path / "s")
    running.close()
    rendered = running.rendered()
    running.search.finish(1)
    running.search.set_drafts(False)
    assert running.rendered() == rendered
    assert running.search.are_drafts
