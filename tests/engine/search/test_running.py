"""The running search: saving, stars, thumbnails, edits that need a different model, and going back meanwhile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import InvalidRequestError
from engine.fake import FakeRenderer
from engine.open import Opening, open_prompt
from engine.options import Options
from engine.rendering.events import Picture
from engine.search.answers import (
    Jumped,
    NoneBetter,
    Picked,
    PickedByRegion,
    Redone,
    RegionMarks,
    Rerolled,
    Undone,
)
from engine.search.running import PARENT, Variant
from latentpng.png.files import read_record
from latentpng.record import Round
from tests.support.engine.searching import CANDIDATES, Running

OPTIONS = Options(seed=5)


@pytest.fixture
def opening() -> Opening:
    return open_prompt(OPTIONS, "a red sun over a lake")


def saved(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.png"))


def other_prompt(running: Running) -> tuple[Round, Variant]:
    """Return an edit of the prompt, and what renders its pictures."""
    load = running.search.variant.load
    round_ = Round(seed=0, scale=0.0, settings={"prompt": "a hill"}, before={"prompt": load.settings.prompt})
    return round_, Variant(load=replace(load, settings=replace(load.settings, prompt="a hill")))


def other_size(running: Running) -> tuple[Round, Variant]:
    load = running.search.variant.load
    round_ = Round(seed=0, scale=0.0, settings={"width": 32}, before={"width": load.settings.width})
    return round_, Variant(load=replace(load, settings=replace(load.settings, width=32)))


def test_only_parents_are_saved(tmp_path: Path, opening: Opening) -> None:
    running = Running(opening, tmp_path / "s")
    running.finish()
    running.tell(Picked(marks=(1,)))
    running.tell(NoneBetter())
    running.close()
    assert saved(tmp_path / "s") == ["001-round0.png", "002-round1.png"]
    assert running.troubles == []


def test_with_keep_all_every_candidate_is_saved(tmp_path: Path, opening: Opening) -> None:
    running = Running(opening, tmp_path / "s", keep_all=True)
    running.finish()
    running.close()
    assert len(saved(tmp_path / "s")) == 1 + CANDIDATES


def test_a_finished_picture_is_saved_when_it_is_starred_and_stays_when_it_is_not(
    tmp_path: Path, opening: Opening
) -> None:
    running = Running(opening, tmp_path / "s")
    running.finish()
    assert running.search.star(2)
    assert not running.search.star(2)
    running.close()
    assert len(saved(tmp_path / "s")) == 2
    kept = read_record(tmp_path / "s" / "002-round1.png").lineage
    assert kept == running.search.plan.candidates[1]


def test_an_unfinished_picture_that_is_starred_is_saved_once_it_is_finished(tmp_path: Path, opening: Opening) -> None:
    renderer = FakeRenderer()
    renderer.hold()
    running = Running(opening, tmp_path / "s", renderer=renderer)
    assert running.search.finished(3) is None
    assert running.search.star(3)
    assert not running.search.is_starred(2)
    node = running.search.session.tree.find(running.search.session.tree.nodes[-1].key)
    renderer.release()
    running.finish()
    running.until(lambda: running.search.file(node) is not None)
    running.close()
    assert len(saved(tmp_path / "s")) == 2


def test_undo_shows_what_is_in_memory_and_the_same_pick_renders_nothing(tmp_path: Path, opening: Opening) -> None:
    running = Running(opening, tmp_path / "s")
    running.finish()
    running.tell(Picked(marks=(1,)))
    rendered = running.rendered()
    running.tell(Undone())
    running.tell(Picked(marks=(1,)))
    running.tell(Undone())
    running.tell(Redone())
    running.tell(Jumped(node=0))
    assert running.rendered() == rendered
    running.close()


def test_a_changed_file_is_rendered_and_saved_again(tmp_path: Path, opening: Opening) -> None:
    running = Running(opening, tmp_path / "s")
    running.finish()
    running.tell(Picked(marks=(1,)))
    running.tell(Picked(marks=(1,)))
    running.until(lambda: running.search.file(1) is not None and running.search.file(2) is not None)
    (tmp_path / "s" / "002-round1.png").write_bytes(b"not a picture")
    running.search._pictures._store._pictures.clear()  # as if memory were short
    rendered = running.rendered()
    running.tell(Undone())
    rendered += 1 + CANDIDATES - 1
    assert running.rendered() == rendered, "the parent too, and one candidate was read: it is the picture below"
    running.tell(Undone())
    rendered += CANDIDATES - 1
    assert running.rendered() == rendered, "the root was read, and one candidate is the picture above"
    running.close()
    assert len(saved(tmp_path / "s")) == 4


def test_an_edit_keeps_the_noise_and_undo_brings_the_old_words_back(tmp_path: Path, opening: Opening) -> None:
    running = Running(opening, tmp_path / "s")
    running.finish()
    before = running.search.plan
    running.search.edit(*other_prompt(running), CANDIDATES)
    running.finish()
    assert running.search.settings.prompt == "a hill"
    assert running.renderer.jobs[-1].settings.prompt == "a hill"
    noise = [one.rounds[-1] for one in running.search.plan.candidates]
    assert noise == [one.rounds[-1] for one in before.candidates]
    running.tell(Undone())
    assert running.search.settings.prompt == "a red sun over a lake"
    running.tell(Rerolled())
    assert running.renderer.jobs[-1].settings.prompt == "a red sun over a lake"
    assert running.loads == [], "other words need no other model"
    running.close()


def test_going_back_while_a_model_loads_asks_for_the_first_model_again(tmp_path: Path, opening: Opening) -> None:
    running = Running(opening, tmp_path / "s")
    running.finish()
    first = running.search.variant.load
    running.search.edit(*other_size(running), CANDIDATES)
    assert running.search.is_loading
    running.search.tell(Undone(), CANDIDATES)
    assert running.search.is_loading, "the other model is on its way, and jobs behind it would be rendered with it"
    assert [load.load_key for load in running.loads] == [running.loads[0].load_key, first.load_key]
    running.finish()
    assert not running.search.is_loading
    rendered = [job.settings.width for job in running.renderer.jobs]
    assert set(rendered) == {first.settings.width}
    running.tell(Redone())
    assert running.renderer.jobs[-1].settings.width == 32
    running.close()


def test_an_edit_that_cannot_be_rendered_changes_nothing(tmp_path: Path, opening: Opening) -> None:
    running = Running(opening, tmp_path / "s")
    running.finish()
    round_, variant = other_prompt(running)
    before = running.search.session
    with pytest.raises(InvalidRequestError) as caught:
        running.search.edit(round_, replace(variant, problem="the model is gone"), CANDIDATES)
    assert str(caught.value) == "this picture cannot be rendered here: the model is gone"
    assert running.search.session is before
    assert running.search.finished(PARENT) is not None
    running.close()


def test_thumbnails_are_rendered_behind_the_grid_and_not_saved(tmp_path: Path, opening: Opening) -> None:
    grown = opening.beginning.lineage
    for seed in (1, 2):
        grown = grown.child(Round(seed=seed, scale=0.5, of=CANDIDATES))
    opened = replace(opening, beginning=replace(opening.beginning, lineage=grown))
    renderer = FakeRenderer()
    renderer.hold()
    running = Running(opened, tmp_path / "s", renderer=renderer)
    running.search.render_thumbnails((0, 1, 2))
    assert len(renderer.jobs) == 1, "the grid comes first"
    renderer.release()
    running.until(lambda: running.search.picture(0) is not None and running.search.picture(1) is not None)
    job = renderer.jobs[-1]
    assert ([len(task.lineage.rounds) for task in job.tasks], job.priority, job.previews) == ([0, 1], -1, False)
    running.search.render_thumbnails((0, 1, 2))
    assert len(renderer.jobs) == 2, "they are known now"
    running.close()
    assert len(saved(tmp_path / "s")) == 1


def test_the_next_answer_cancels_thumbnails(tmp_path: Path, opening: Opening) -> None:
    grown = opening.beginning.lineage.child(Round(seed=1, scale=0.5, of=CANDIDATES))
    opened = replace(opening, beginning=replace(opening.beginning, lineage=grown))
    renderer = FakeRenderer()
    running = Running(opened, tmp_path / "s", renderer=renderer)
    running.finish()
    renderer.hold()
    running.search.render_thumbnails((0,))
    thumbnails = renderer.jobs[-1]
    running.search.tell(Rerolled(), CANDIDATES)
    assert thumbnails.job in renderer.cancels
    renderer.release()
    running.finish()
    assert running.search.picture(0) is None
    running.close()


def forget_pictures(running: Running) -> None:
    """Forget all pictures and their files, as if none had ever been rendered."""
    running.search._pictures._store._pictures.clear()
    running.search._pictures._store._files.clear()


def test_thumbnails_are_rendered_with_the_settings_of_their_part_of_the_tree(tmp_path: Path, opening: Opening) -> None:
    running = Running(opening, tmp_path / "s")
    running.finish()
    running.tell(Picked(marks=(0,)))
    running.search.edit(*other_prompt(running), CANDIDATES)
    running.finish()
    forget_pictures(running)
    jobs = len(running.renderer.jobs)
    running.search.render_thumbnails((2, 0, 1))
    running.until(lambda: all(running.search.picture(node) is not None for node in (0, 1, 2)))
    found = [(job.settings.prompt, len(job.tasks), job.priority) for job in running.renderer.jobs[jobs:]]
    assert found == [("a hill", 1, -1), ("a red sun over a lake", 2, -1)], "one job for each part"
    running.close()


def test_thumbnails_that_need_a_different_load_are_left_out(tmp_path: Path, opening: Opening) -> None:
    running = Running(opening, tmp_path / "s")
    running.finish()
    running.search.edit(*other_size(running), CANDIDATES)
    running.finish()
    forget_pictures(running)
    jobs = len(running.renderer.jobs)
    running.search.render_thumbnails((0,))
    assert len(running.renderer.jobs) == jobs
    running.close()


def test_what_fails_is_not_followed_by_thumbnails_of_a_grid_that_is_not_there(tmp_path: Path, opening: Opening) -> None:
    grown = opening.beginning.lineage.child(Round(seed=1, scale=0.5, of=CANDIDATES))
    opened = replace(opening, beginning=replace(opening.beginning, lineage=grown))
    running = Running(opened, tmp_path / "s")
    running.finish()
    running.renderer.fail_next("the memory is full")
    running.search.tell(Rerolled(), CANDIDATES)
    running.until(lambda: bool(running.search.failure))
    jobs = len(running.renderer.jobs)
    running.search.render_thumbnails((0,))
    running.take_events()
    assert len(running.renderer.jobs) == jobs
    running.search.ask_again()
    running.finish()
    running.close()


def test_a_file_that_is_unreadable_while_a_model_loads_is_rendered_once(tmp_path: Path, opening: Opening) -> None:
    running = Running(opening, tmp_path / "s")
    running.finish()
    running.search.edit(*other_size(running), CANDIDATES)
    running.finish()
    running.until(lambda: running.search.file(0) is not None)
    Path(str(running.search.file(0))).write_bytes(b"not a picture")
    running.search._pictures._store._pictures.clear()
    running.renderer.start(lambda _: None)  # the model never arrives
    running.search.tell(Undone(), CANDIDATES)
    assert running.search.is_loading
    running.until(lambda: running.search.file(0) is None)
    early = running.renderer.jobs[-1]
    assert [task.index for task in early.tasks] == [PARENT]
    running.search.ready(3)
    assert early.job in running.renderer.cancels, "it was made for the grid before the model was known"
    assert [task.index for task in running.renderer.jobs[-1].tasks] == [0, 1, 2, 3]
    running.close()


def test_a_failure_is_said_and_what_is_missing_is_rendered_again(tmp_path: Path, opening: Opening) -> None:
    running = Running(opening, tmp_path / "s")
    running.finish()
    running.renderer.fail_next("the memory is full")
    running.search.tell(Picked(marks=(0,)), CANDIDATES)
    running.until(lambda: bool(running.search.failure))
    assert (running.search.failure, running.search.progress.running) == ("the memory is full", False)
    running.search.ask_again()
    running.finish()
    assert running.search.failure == ""
    running.close()


def test_a_stand_in_is_shown_until_the_next_parent_is_rendered(tmp_path: Path, opening: Opening) -> None:
    running, picture = Running(opening, tmp_path / "s"), Picture(width=1, height=1, rgb=bytes(3))
    running.finish()
    parts = (RegionMarks(region="10", marks=(0,)), RegionMarks(region="01", marks=(1,)))
    running.search.tell(PickedByRegion(parts=parts, asked=2), CANDIDATES, stand_in=picture)
    assert running.search.stand_in(PARENT) is picture
    assert running.search.stand_in(1) is None
    running.finish()
    assert running.search.stand_in(PARENT) is None
    running.search.tell(Picked(marks=(0,)), CANDIDATES, stand_in=picture)
    running.search.tell(Undone(), CANDIDATES)
    assert running.search.stand_in(PARENT) is None
    running.close()


def test_after_stop_nothing_changes_any_more(tmp_path: Path, opening: Opening) -> None:
    running = Running(opening, tmp_path / "s")
    running.finish()
    running.close()
    before = running.search.session
    running.search.tell(Picked(marks=(0,)), CANDIDATES)
    running.search.edit(*other_prompt(running), CANDIDATES)
    assert not running.search.star(1)
    assert running.search.session is before
