"""What is kept of grids that were rendered ahead, and that a search is the same without them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.fake import FakeRenderer
from engine.open import Opening
from engine.rendering.requests import Job
from engine.search.answers import NoneBetter, Picked, Redone, Rerolled, Undone
from engine.search.grid import Grid
from engine.search.running import Variant
from engine.search.session import tell
from latentpng.record import Round
from tests.support.engine.searching import CANDIDATES, Running
from tests.support.engine.stepwise import Stepwise
from tests.support.engine.working_ahead import (
    ALL,
    INDICES,
    ahead,
    all_rendered,
    answers_of,
    begin,
    picture_bytes,
    ready,
)

ANSWERS = (
    Picked(marks=(1,)),
    NoneBetter(),
    Picked(marks=(0, 2)),
    Undone(),
    Redone(),
    Rerolled(),
    NoneBetter(),
    Undone(),
    Picked(marks=(2,)),
    NoneBetter(),
    NoneBetter(),
)


def test_nothing_of_a_guess_is_written_to_disk(tmp_path: Path, opening: Opening) -> None:
    files = []
    for number, grids in enumerate((0, ALL)):
        running = Running(opening, tmp_path / str(number) / "s")
        running.finish()
        running.search.set_ahead(grids)
        running.take_events()
        running.tell(Picked(marks=(1,)))
        running.tell(NoneBetter())
        running.take_events()
        running.close()
        folder = sorted((tmp_path / str(number) / "s").iterdir())
        files.append({path.name: re.sub(rb'"writer":"\w+"', b"", path.read_bytes()) for path in folder})
    assert list(files[0]) == ["001-round0.png", "002-round1.png", "session.json"]
    assert files[0] == files[1]


def test_with_keep_all_candidates_are_saved_when_they_are_shown(tmp_path: Path, opening: Opening) -> None:
    running = Running(opening, tmp_path / "s", keep_all=True)
    running.finish()
    running.search.set_ahead(ALL)
    running.until(lambda: ready(running) == list(INDICES))
    running.tell(Picked(marks=(1,)))
    running.close()
    assert len(list((tmp_path / "s").glob("*.png"))) == 2 * CANDIDATES + 1


@pytest.mark.parametrize("is_varied", [False, True])
def test_a_search_is_the_same_with_and_without_it(tmp_path: Path, opening: Opening, is_varied: bool) -> None:
    searches = []
    for number, grids in enumerate((0, 2, ALL)):
        running = Running(opening, tmp_path / f"{number}" / "s", is_varied=is_varied)
        running.finish()
        running.search.set_ahead(grids)
        seen = []
        for answer in ANSWERS:
            running.search.look_at(number)
            running.take_events()
            running.tell(answer)
            seen.append((running.search.plan, running.search.law, all_rendered(running)))
        searches.append((seen, running.search.session.tree))
        running.close()
    assert searches[0] == searches[1] == searches[2]


def test_undo_and_redo_show_what_was_rendered_ahead(running: Running) -> None:
    running.search.set_ahead(ALL)
    running.until(lambda: ready(running) == list(INDICES))
    running.tell(Picked(marks=(0,)))
    running.search.set_ahead(0)
    jobs = len(running.renderer.jobs)
    running.tell(Undone())
    assert ready(running) == list(INDICES), "the wrong guesses were kept"
    for answer in (Picked(marks=(2,)), Undone(), NoneBetter(), Undone(), Redone()):
        running.tell(answer)
    assert len(running.renderer.jobs) == jobs
    running.close()


@pytest.mark.parametrize("fail", [FakeRenderer.fail_next, FakeRenderer.die_next])
def test_a_failure_ahead_is_none_of_the_search_and_pauses_until_the_next_answer(
    running: Running, fail: Callable[[FakeRenderer, str], None]
) -> None:
    fail(running.renderer, "the memory is full")
    running.search.set_ahead(ALL)
    running.take_events()
    running.search.look_at(2)
    running.take_events()
    assert (running.search.failure, len(ahead(running)), ready(running)) == ("", 1, [])
    running.tell(Picked(marks=(0,)))
    running.until(lambda: ready(running) == list(INDICES))
    running.close()


def test_after_three_failures_nothing_is_rendered_ahead_any_more(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    render = running.renderer.render

    def die_ahead(job: Job) -> None:
        if job.priority < 0:
            running.renderer.die_next("the worker died")
        render(job)

    monkeypatch.setattr(running.renderer, "render", die_ahead)
    running.search.set_ahead(ALL)
    for answers in range(1, 5):
        running.finish()
        assert (running.search.failure, len(ahead(running))) == ("", min(answers, 3))
        running.tell(Picked(marks=(0,)))
    running.close()


def test_nothing_begins_before_the_grid_is_complete(tmp_path: Path, opening: Opening, renderer: Stepwise) -> None:
    renderer.hold()
    running = Running(opening, tmp_path / "s", renderer=renderer)
    running.search.set_ahead(ALL)
    running.search.look_at(2)
    assert ahead(running) == []
    renderer.allow()
    running.finish()
    assert answers_of(running, ahead(running)[:1]) == [2]
    running.close()


def test_nothing_begins_after_a_failure_or_the_end(tmp_path: Path, opening: Opening) -> None:
    renderer = FakeRenderer(threaded=False)
    renderer.fail_next("the memory is full")
    running = Running(opening, tmp_path / "s", renderer=renderer)
    running.until(lambda: bool(running.search.failure))
    running.search.set_ahead(ALL)
    assert ahead(running) == []
    running.search.ask_again()
    running.finish()
    jobs = len(renderer.jobs)
    running.search.stop()
    running.search.look_at(2)
    assert len(renderer.jobs) == jobs
    running.close()


def test_an_edit_that_needs_a_different_model_cancels_what_is_rendered_ahead(held: Running, renderer: Stepwise) -> None:
    job = begin(held, renderer, 2, 1)
    load = held.search.variant.load
    round_ = Round(seed=0, scale=0.0, settings={"width": 32}, before={"width": load.settings.width})
    held.search.edit(round_, Variant(load=replace(load, settings=replace(load.settings, width=32))), CANDIDATES)
    assert held.search.is_loading
    assert renderer.cancels == [job.job]
    held.search.look_at(1)
    assert ahead(held) == [job]


def test_no_more_grids_are_rendered_than_memory_holds(tmp_path: Path, opening: Opening, running: Running) -> None:
    size = picture_bytes(running)
    running.close()
    small = Running(opening, tmp_path / "small" / "s", memory=(1 + 3 * CANDIDATES) * size)
    small.finish()
    small.search.set_ahead(ALL)
    small.take_events()
    assert answers_of(small, ahead(small)) == [0, 1]
    small.search.look_at(3)
    small.take_events()
    assert answers_of(small, ahead(small)) == [0, 1, 3]
    assert (ready(small), len(all_rendered(small))) == ([0, 3], 1 + CANDIDATES), "what is least likely gave way"
    small.close()


@pytest.mark.parametrize("drafts", [False, True])
def test_wrong_guesses_are_forgotten_before_what_undo_shows(
    tmp_path: Path, opening: Opening, running: Running, drafts: bool
) -> None:
    size = picture_bytes(running)
    running.close()
    small = Running(opening, tmp_path / "small" / "s", memory=(1 + 3 * CANDIDATES) * size, drafts=drafts)
    small.finish()
    first = Grid.of(small.search.session)
    small.search.set_ahead(ALL)
    small.take_events()
    small.search.set_ahead(0)
    small.tell(NoneBetter())
    small.tell(Rerolled())
    assert small.search._pictures.is_complete(first)
    small.tell(Undone())
    small.tell(Undone())
    assert ready(small) == [0]
    small.close()


def test_a_picture_that_cannot_be_read_ahead_is_rendered(tmp_path: Path, opening: Opening) -> None:
    running = Running(opening, tmp_path / "s")
    running.finish()
    running.tell(Picked(marks=(1,)))
    running.tell(Picked(marks=(2,)))
    running.tell(Undone())
    running.tell(Undone())
    running.until(lambda: all(running.search.file(node) is not None for node in (1, 2)))
    (tmp_path / "s" / "003-round2.png").write_bytes(b"not a picture")
    gone = Grid.of(tell(running.search.session, Picked(marks=(1,)))).keys
    store = running.search._pictures._store
    for key in gone[1:]:
        store._pictures._remove(key)
    assert not running.search.is_ready(2)
    running.search.look_at(2)
    running.search.set_ahead(1)
    running.until(lambda: running.search.is_ready(2))
    assert running.search.file(2) is None
    running.close()
