"""The running search while it chooses its first candidates: every way in which that can end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.fake import FakeRenderer
from engine.open import Opening, open_prompt
from engine.options import Options
from engine.rendering.events import Event, Failure, Picture, PreviewRendered
from engine.rendering.requests import RenderJob
from engine.search.answers import Jumped, NoneBetter, Picked, Redone, Rerolled, Rescaled, Undone
from engine.search.first_grid import choose, plan_choice, pool_of
from engine.search.running import PARENT, Variant
from latentpng.record import Round
from tests.support.engine.searching import CANDIDATES, Running, resumed

OPTIONS = Options(seed=5)
POOL = pool_of(CANDIDATES)


@pytest.fixture
def opening() -> Opening:
    return open_prompt(OPTIONS, "a red sun over a lake")


@pytest.fixture
def renderer() -> FakeRenderer:
    return FakeRenderer()


@pytest.fixture
def running(tmp_path: Path, opening: Opening, renderer: FakeRenderer) -> Iterator[Running]:
    """A search whose candidates are being chosen: nothing but the parent is rendered yet."""
    renderer.hold_after(1)
    search = Running(opening, tmp_path / "s", renderer=renderer, is_varied=True)
    search.until(lambda: search.search.finished(PARENT) is not None)
    yield search
    search.close()


def choices(renderer: FakeRenderer) -> list[RenderJob]:
    return [job for job in renderer.jobs if job.stop_after]


def marks(running: Running) -> tuple[int, ...]:
    return tuple(lineage.rounds[-1].marks[0] for lineage in running.search.plan.candidates)


def chosen_of(opening: Opening, tmp_path: Path) -> tuple[int, ...]:
    """Return what an undisturbed search chooses."""
    calm = Running(opening, tmp_path / "calm", is_varied=True)
    calm.finish()
    calm.close()
    return marks(calm)


def test_the_parent_comes_first_then_the_choice_then_what_was_chosen(tmp_path: Path, opening: Opening) -> None:
    running = Running(opening, tmp_path / "s", is_varied=True)
    running.finish()
    plan = plan_choice(opening.target.settings.num_inference_steps, CANDIDATES)
    assert plan is not None
    assert [(len(job.tasks), job.stop_after) for job in running.renderer.jobs] == [
        (1, 0),
        (plan.of, plan.stop_after),
        (CANDIDATES, 0),
    ]
    assert {lineage.rounds[-1].of for lineage in running.search.plan.candidates} == {POOL}
    assert running.search.pool == 0
    assert not running.search.session.place.is_undecided
    running.close()


def test_those_that_differ_most_are_offered_and_seen_at_once(
    running: Running, renderer: FakeRenderer, opening: Opening, tmp_path: Path
) -> None:
    assert marks(running) == tuple(range(CANDIDATES))
    assert running.search.pool == POOL
    renderer.hold_after(1)
    renderer.release()
    running.until(lambda: not running.search.pool)
    assert marks(running) == chosen_of(opening, tmp_path)
    assert marks(running) != tuple(range(CANDIDATES))
    assert all(running.search.preview(index) or running.search.finished(index) for index in range(1, CANDIDATES + 1))
    renderer.release()
    running.finish()


def test_previews_of_the_candidates_on_offer_are_shown_meanwhile(running: Running, renderer: FakeRenderer) -> None:
    (job,) = choices(renderer)
    picture = Picture(width=1, height=1, rgb=b"abc")
    assert running.search.handle(PreviewRendered(job=job.job, index=1, picture=picture)) == 2
    assert running.search.handle(PreviewRendered(job=job.job, index=CANDIDATES, picture=picture)) is None
    assert [running.search.preview(index) for index in (1, 2, 3)] == [None, picture, None]


def test_the_candidates_are_the_same_pictures_as_without_a_choice(tmp_path: Path, opening: Opening) -> None:
    running = Running(opening, tmp_path / "s", is_varied=True)
    running.finish()
    for index, lineage in enumerate(running.search.plan.candidates, start=1):
        finished = running.search.finished(index)
        assert finished is not None
        assert finished.record.lineage == lineage
    running.close()


def test_a_plain_grid_is_as_it_always_was(tmp_path: Path, opening: Opening) -> None:
    running = Running(opening, tmp_path / "s")
    running.finish()
    assert [len(job.tasks) for job in running.renderer.jobs] == [1 + CANDIDATES]
    assert not choices(running.renderer)
    assert {lineage.rounds[-1].of for lineage in running.search.plan.candidates} == {CANDIDATES}
    running.close()


def test_a_pick_meanwhile_picks_what_is_on_offer(running: Running, renderer: FakeRenderer) -> None:
    shown = running.search.plan.candidates[2]
    running.search.tell(Picked(marks=(2,)), CANDIDATES)
    assert running.search.pool == 0
    renderer.release()
    running.finish()
    assert running.search.session.lineage == shown
    assert {lineage.rounds[-1].of for lineage in running.search.plan.candidates} == {CANDIDATES}


@pytest.mark.parametrize("answer", [Rerolled(), NoneBetter(), Rescaled(factor=0.5)])
def test_another_grid_of_the_fresh_root_is_chosen_too(
    running: Running, renderer: FakeRenderer, answer: Rerolled | NoneBetter | Rescaled
) -> None:
    running.search.tell(answer, CANDIDATES)
    assert running.search.pool == POOL
    renderer.release()
    running.finish()
    assert len(choices(renderer)) == 2
    assert not running.search.session.place.is_undecided


def test_after_a_pick_nothing_is_chosen(tmp_path: Path, opening: Opening) -> None:
    running = Running(opening, tmp_path / "s", is_varied=True)
    running.finish()
    running.tell(Picked(marks=(1,)))
    running.tell(Rerolled())
    running.tell(NoneBetter())
    assert len(choices(running.renderer)) == 1
    running.close()


def test_what_was_chosen_stays_after_undo_redo_and_jumps(tmp_path: Path, opening: Opening) -> None:
    running = Running(opening, tmp_path / "s", is_varied=True)
    running.finish()
    first = running.search.plan
    running.tell(Picked(marks=(1,)))
    for answer in (Undone(), Redone(), Jumped(node=0)):
        running.tell(answer)
    assert running.search.plan == first
    assert len(choices(running.renderer)) == 1
    running.close()


def test_undo_of_an_answer_that_interrupted_the_choice_chooses_again(
    running: Running, renderer: FakeRenderer, opening: Opening, tmp_path: Path
) -> None:
    running.search.tell(Picked(marks=(0,)), CANDIDATES)
    renderer.release()
    running.finish()
    running.tell(Undone())
    assert marks(running) == chosen_of(opening, tmp_path)


def test_the_same_answer_at_the_same_place_gives_the_same_grid(tmp_path: Path, opening: Opening) -> None:
    running = Running(opening, tmp_path / "s", is_varied=True)
    running.finish()
    running.tell(Rerolled())
    plan = running.search.plan
    running.tell(Undone())
    running.tell(Rerolled())
    assert running.search.plan == plan
    running.close()


@pytest.mark.parametrize("failure", [Failure.MEMORY, Failure.CRASH])
def test_a_choice_that_fails_goes_on_with_the_first_ones(
    running: Running, renderer: FakeRenderer, failure: Failure
) -> None:
    if failure is Failure.CRASH:
        renderer.die_next("the worker died")
    else:
        renderer.fail_next("no memory")
    renderer.release()
    running.finish()
    assert marks(running) == tuple(range(CANDIDATES))
    assert running.search.failure == ""
    assert not running.search.session.place.is_undecided


def test_without_predictions_it_goes_on_with_the_first_ones(tmp_path: Path, opening: Opening) -> None:
    renderer = FakeRenderer(threaded=False)
    renderer.predicts = False
    running = Running(opening, tmp_path / "s", renderer=renderer, is_varied=True)
    running.finish()
    assert marks(running) == tuple(range(CANDIDATES))
    running.close()


def test_a_parent_that_fails_ends_the_choice_and_r_begins_again(tmp_path: Path, opening: Opening) -> None:
    renderer = FakeRenderer()
    renderer.hold()
    running = Running(opening, tmp_path / "s", renderer=renderer, is_varied=True)
    renderer.fail_next("no memory")
    renderer.release()
    running.until(lambda: running.search.failure != "")
    assert not running.search.progress.running
    assert running.search.session.place.is_undecided
    running.search.ask_again()
    running.finish()
    assert not running.search.session.place.is_undecided
    running.close()


def test_an_edit_meanwhile_chooses_with_the_new_settings(running: Running, renderer: FakeRenderer) -> None:
    load = running.search.variant.load
    round_ = Round(seed=0, scale=0.0, settings={"prompt": "a hill"}, before={"prompt": load.settings.prompt})
    edited = replace(load, settings=replace(load.settings, prompt="a hill"))
    running.search.edit(round_, Variant(load=edited), CANDIDATES)
    renderer.release()
    running.finish()
    assert [job.settings.prompt for job in choices(renderer)] == ["a red sun over a lake", "a hill"]
    assert not running.search.session.place.is_undecided


def test_an_edit_that_needs_another_model_chooses_once_it_is_loaded(running: Running, renderer: FakeRenderer) -> None:
    load = running.search.variant.load
    round_ = Round(seed=0, scale=0.0, settings={"width": 32}, before={"width": load.settings.width})
    wide = replace(load, settings=replace(load.settings, width=32))
    running.search.edit(round_, Variant(load=wide), CANDIDATES)
    assert running.search.is_loading
    renderer.release()
    running.finish()
    assert [job.settings.width for job in choices(renderer)] == [load.settings.width, 32]


def test_an_edit_of_what_was_chosen_keeps_it(tmp_path: Path, opening: Opening) -> None:
    running = Running(opening, tmp_path / "s", is_varied=True)
    running.finish()
    before = marks(running)
    load = running.search.variant.load
    round_ = Round(seed=0, scale=0.0, settings={"prompt": "a hill"}, before={"prompt": load.settings.prompt})
    edited = replace(load, settings=replace(load.settings, prompt="a hill"))
    running.search.edit(round_, Variant(load=edited), CANDIDATES)
    running.finish()
    assert marks(running) == before
    assert len(choices(running.renderer)) == 1
    running.close()


def test_a_search_that_stops_meanwhile_cancels_the_choice(running: Running, renderer: FakeRenderer) -> None:
    (job,) = choices(renderer)
    running.search.stop()
    assert job.job in renderer.cancels
    assert not running.search.progress.running


def test_a_session_that_was_left_while_choosing_chooses_when_it_goes_on(
    tmp_path: Path, opening: Opening, running: Running
) -> None:
    running.close()
    again = resumed(tmp_path / "s", is_varied=True)
    again.finish()
    assert marks(again) == chosen_of(opening, tmp_path)
    again.close()


def test_a_session_that_goes_on_has_what_was_chosen(tmp_path: Path, opening: Opening) -> None:
    running = Running(opening, tmp_path / "s", is_varied=True)
    running.finish()
    running.close()
    again = resumed(tmp_path / "s", is_varied=True)
    again.finish()
    assert again.search.plan == running.search.plan
    assert not choices(again.renderer)
    again.tell(Rerolled())
    assert len(choices(again.renderer)) == 1
    again.close()


def test_a_session_that_goes_on_plain_chooses_nothing(tmp_path: Path, running: Running) -> None:
    running.close()
    again = resumed(tmp_path / "s")
    again.finish()
    again.tell(Rerolled())
    assert not choices(again.renderer)
    assert len(marks(again)) == CANDIDATES
    again.close()


def test_a_picture_that_is_opened_is_varied_as_always(tmp_path: Path, opening: Opening) -> None:
    running = Running(replace(opening, is_fresh=False), tmp_path / "s", is_varied=True)
    running.finish()
    assert not choices(running.renderer)
    running.close()


def test_progress_counts_the_parent_then_the_choice_then_the_grid(running: Running, renderer: FakeRenderer) -> None:
    running.until(lambda: not running.search.progress.decodes)
    assert running.search.progress.running
    assert running.search.progress.total == POOL
    assert running.search.progress.ahead == (CANDIDATES, running.search.settings.num_inference_steps)
    renderer.release()
    running.finish()
    assert running.search.progress.total == CANDIDATES
    assert running.search.progress.fraction == 1.0


def test_what_was_chosen_is_the_choice_of_the_pictures_that_were_seen(tmp_path: Path, opening: Opening) -> None:
    """The search adds nothing of its own to `choose`."""
    running = Running(opening, tmp_path / "s", is_varied=True)
    running.finish()
    (job,) = choices(running.renderer)
    fresh, events = FakeRenderer(threaded=False), list[Event]()
    fresh.start(events.append)
    fresh.render(job)
    seen = {event.index: event.picture for event in events if isinstance(event, PreviewRendered)}
    assert tuple(sorted(marks(running))) == choose(seen, CANDIDATES)
    running.close()
