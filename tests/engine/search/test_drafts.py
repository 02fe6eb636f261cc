"""Drafts in a running search: which pictures are drafts, when they are finished, and that none is ever saved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.fake import FakeRenderer
from engine.fake_pictures import DRAFT_STRENGTH, paint
from engine.open import Opening, open_prompt
from engine.options import Options
from engine.rendering.events import Picture
from engine.rendering.requests import RenderJob
from engine.rendering.settings import RenderSettings
from engine.search.ahead import AHEAD_PRIORITY
from engine.search.answers import NoneBetter, Picked, PickedByRegion, RegionMarks, Rerolled, Undone
from engine.search.drafts import draft_settings
from engine.search.running import PARENT, Variant
from engine.search.store import Finished
from latentpng.noise.replay import replay
from latentpng.png.files import read_record
from latentpng.record import Lineage, Round
from tests.support.engine.searching import CANDIDATES, Running, resumed

OPTIONS = Options(seed=5)
ALL = (PARENT, 1, 2, 3)


@pytest.fixture
def opening() -> Opening:
    return open_prompt(OPTIONS, "a red sun over a lake")


def drafting(opening: Opening, folder: Path, *, keep_all: bool = False, is_varied: bool = False) -> Running:
    """Begin with drafts, and wait until all of them are there."""
    running = Running(opening, folder, keep_all=keep_all, is_varied=is_varied, drafts=True)
    running.finish()
    return running


def held(opening: Opening, folder: Path, *, drafts: bool = True, micro_batch: int = 1) -> Running:
    """Begin with a renderer that stops once the parent is finished."""
    renderer = FakeRenderer(micro_batch=micro_batch)
    renderer.hold_after(1)
    running = Running(opening, folder, renderer=renderer, drafts=drafts)
    running.until(lambda: running.search.finished(PARENT) is not None)
    return running


def saved(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.png"))


def kinds(running: Running) -> list[str]:
    """Return what is there of each picture of the grid."""
    search = running.search
    return [
        "finished" if search.finished(index) else "draft" if search.draft(index) else "nothing"
        for index in range(search.size)
    ]


def summary(jobs: list[RenderJob]) -> list[tuple[bool, list[int]]]:
    """Return for each job whether it renders drafts, and the indices of its pictures."""
    return [(job.is_draft, [task.index for task in job.tasks]) for job in jobs]


def pictures(running: Running) -> list[Finished | None]:
    return [running.search.finished(index) for index in range(running.search.size)]


def painted(running: Running, lineage: Lineage, strength: float) -> Picture:
    settings = running.search.settings
    return paint(replay(lineage, (4, 16, 16), "CHW"), "CHW", settings.width, settings.height, strength)


def settings_of(steps: int) -> RenderSettings:
    return RenderSettings(prompt="a lake", width=64, height=32, num_inference_steps=steps, guidance_scale=2.0)


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
