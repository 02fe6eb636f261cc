"""Drafts in a running search: which pictures are drafts, and that none is ever saved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.fake_pictures import DRAFT_STRENGTH
from engine.open import Opening, open_prompt
from engine.search.answers import NoneBetter, Picked, PickedByRegion, RegionMarks, Rerolled, Undone
from engine.search.drafts import draft_settings
from engine.search.running import PARENT, Variant
from latentpng.record import Round
from tests.support.engine.drafting import (
    ALL,
    OPTIONS,
    drafting,
    held,
    kinds,
    painted,
    saved,
    settings_of,
    summary,
)
from tests.support.engine.searching import CANDIDATES, Running


@pytest.fixture
def opening() -> Opening:
    return open_prompt(OPTIONS, "a red sun over a lake")


@given(steps=st.integers(1, 1000))
def test_a_draft_has_fewer_steps_at_least_four_and_else_the_same_settings(steps: int) -> None:
    found = draft_settings(settings_of(steps))
    assert (found is None) is (steps <= 4)
    if found is not None:
        assert 4 <= found.num_inference_steps < steps
        assert replace(found, num_inference_steps=steps) == settings_of(steps)


@pytest.mark.parametrize(("steps", "draft"), [(5, 4), (6, 4), (8, 4), (12, 6), (30, 15)])
def test_a_draft_has_half_of_the_steps(steps: int, draft: int) -> None:
    assert draft_settings(settings_of(steps)) == settings_of(draft)


def test_the_parent_is_rendered_in_full_and_first_and_its_candidates_as_drafts_of_the_same_noise(
    tmp_path: Path, opening: Opening
) -> None:
    running = drafting(opening, tmp_path / "s")
    search, jobs = running.search, running.renderer.jobs
    assert summary(jobs) == [(False, [PARENT]), (True, [1, 2, 3])]
    assert [job.settings for job in jobs] == [search.settings, draft_settings(search.settings)]
    assert kinds(running) == ["finished", "draft", "draft", "draft"]
    assert tuple(task.lineage for task in jobs[1].tasks) == search.plan.candidates
    expected = [painted(running, lineage, DRAFT_STRENGTH) for lineage in search.plan.candidates]
    assert [search.draft(index) for index in ALL[1:]] == expected
    assert search.draft(PARENT) is None, "it is finished"
    running.close()


@pytest.mark.parametrize("are_drafts", [True, False])
def test_a_search_says_whether_candidates_are_drafts_and_whether_they_can_be(
    tmp_path: Path, opening: Opening, are_drafts: bool
) -> None:
    running = Running(opening, tmp_path / "s", drafts=are_drafts)
    running.finish()
    assert (running.search.are_drafts, running.search.can_draft) == (are_drafts, True)
    running.search.set_drafts(not are_drafts)
    assert running.search.are_drafts is not are_drafts
    running.close()


def test_a_draft_is_never_saved_even_if_every_picture_is(tmp_path: Path, opening: Opening) -> None:
    running = drafting(opening, tmp_path / "s", keep_all=True)
    running.tell(Rerolled())
    running.tell(Picked(marks=(1,)))
    running.close()
    assert saved(tmp_path / "s") == ["001-round0.png", "002-round1.png"]
    assert running.troubles == []


def test_with_keep_all_drafts_that_are_finished_are_saved(tmp_path: Path, opening: Opening) -> None:
    running = drafting(opening, tmp_path / "s", keep_all=True)
    running.search.set_drafts(False)
    running.finish()
    running.close()
    assert len(saved(tmp_path / "s")) == 1 + CANDIDATES


def test_undo_shows_the_drafts_that_are_known_and_renders_the_others_again(tmp_path: Path, opening: Opening) -> None:
    running = drafting(opening, tmp_path / "s")
    drafts = [running.search.draft(index) for index in ALL[1:]]
    running.tell(Picked(marks=(1,)))
    rendered = running.rendered()
    running.tell(Undone())
    assert running.rendered() == rendered
    assert kinds(running) == ["finished", "draft", "finished", "draft"], "the picked one is finished"
    running.tell(Picked(marks=(1,)))
    running.search._drafts._known.clear()  # as if memory were short
    running.tell(Undone())
    assert running.rendered() == rendered + 2
    assert [running.search.draft(1), running.search.draft(3)] == [drafts[0], drafts[2]]
    running.close()


def test_too_few_steps_give_no_drafts_and_no_work_when_they_are_turned_off(tmp_path: Path, opening: Opening) -> None:
    load = opening.beginning.load
    short = replace(load, settings=replace(load.settings, num_inference_steps=4))
    running = held(replace(opening, beginning=replace(opening.beginning, load=short)), tmp_path / "s")
    assert (running.search.are_drafts, running.search.can_draft) == (True, False)
    running.search.set_drafts(False)
    running.search.set_drafts(True)
    running.search.star(1)
    running.renderer.release()
    running.finish()
    assert summary(running.renderer.jobs) == [(False, [PARENT, 1, 2, 3])]
    assert kinds(running) == ["finished"] * 4
    running.close()


def test_an_edit_has_drafts_of_its_own(tmp_path: Path, opening: Opening) -> None:
    running = drafting(opening, tmp_path / "s")
    load, before = running.search.variant.load, running.search.draft(1)
    round_ = Round(seed=0, scale=0.0, settings={"width": 32}, before={"width": load.settings.width})
    variant = Variant(load=replace(load, settings=replace(load.settings, width=32)))
    running.search.edit(round_, variant, CANDIDATES)
    assert running.search.is_loading
    assert running.search.star(2)
    running.finish()
    assert kinds(running) == ["finished", "draft", "finished", "draft"]
    assert summary(running.renderer.jobs[-2:]) == [(False, [PARENT, 2]), (True, [1, 3])]
    assert running.search.draft(1) != before
    running.close()


def test_a_patchwork_of_drafts_stands_in_until_the_parent_is_finished(tmp_path: Path, opening: Opening) -> None:
    running = drafting(opening, tmp_path / "s")
    stand_in = running.search.draft(1)
    parts = (RegionMarks(region="10", marks=(0,)), RegionMarks(region="01", marks=(1,)))
    running.search.tell(PickedByRegion(parts=parts, asked=2), CANDIDATES, stand_in=stand_in)
    assert running.search.draft(PARENT) is None
    assert running.search.stand_in(PARENT) is stand_in
    running.finish()
    assert kinds(running) == ["finished", "draft", "draft", "draft"]
    assert running.search.stand_in(PARENT) is None
    running.tell(Picked(marks=(0, 2)))
    assert kinds(running) == ["finished", "draft", "draft", "draft"]
    running.close()


def test_a_varied_first_grid_is_the_same_with_drafts_and_without(tmp_path: Path, opening: Opening) -> None:
    plain = Running(opening, tmp_path / "plain", is_varied=True)
    plain.finish()
    running = drafting(opening, tmp_path / "s", is_varied=True)
    assert running.search.plan == plain.search.plan
    assert [job.stop_after > 0 for job in running.renderer.jobs] == [False, True, False]
    assert [job.is_draft for job in running.renderer.jobs] == [False, False, True]
    assert kinds(running) == ["finished", "draft", "draft", "draft"]
    plain.close()
    running.close()


def test_what_failed_is_rendered_again_as_drafts(tmp_path: Path, opening: Opening) -> None:
    running = drafting(opening, tmp_path / "s")
    running.renderer.fail_next("the memory is full")
    running.search.tell(NoneBetter(), CANDIDATES)
    running.until(lambda: bool(running.search.failure))
    running.search.finish(1)
    assert running.search.failure == "", "it tries again"
    running.finish()
    assert kinds(running) == ["finished", "finished", "draft", "draft"]
    running.close()


def test_a_file_that_is_unreadable_is_rendered_once(tmp_path: Path, opening: Opening) -> None:
    running = drafting(opening, tmp_path / "s")
    running.tell(Picked(marks=(0,)))
    running.until(lambda: running.search.file(0) is not None and running.search.file(1) is not None)
    Path(str(running.search.file(0))).write_bytes(b"not a picture")
    running.search._pictures._store._pictures.clear()
    running.search.tell(Undone(), CANDIDATES)
    running.search.finish(2)
    running.finish()
    assert kinds(running) == ["finished", "finished", "finished", "draft"], "the picked one was read"
    assert [task.index for job in running.renderer.jobs[-2:] for task in job.tasks].count(PARENT) == 1
    running.close()
