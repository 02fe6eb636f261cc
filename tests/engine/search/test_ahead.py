"""Grids that are rendered before they are asked for: their order, who goes first, and what is kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from engine.fake import FakeRenderer
from engine.open import Opening, open_prompt
from engine.options import Options
from engine.rendering.events import JobCancelled, Picture, TurnChanged
from engine.rendering.requests import RenderJob
from engine.search.ahead import AHEAD_PRIORITY
from engine.search.answers import NoneBetter, Picked, Redone, Rerolled, Undone
from engine.search.forecast import answer_of
from engine.search.grid import Grid
from engine.search.progress import Progress
from engine.search.running import PARENT, Variant
from engine.search.session import tell
from latentpng.identity import Key
from latentpng.record import Round
from tests.support.engine.searching import CANDIDATES, Running
from tests.support.engine.stepwise import Stepwise

ALL = 99
INDICES = range(CANDIDATES + 1)


@pytest.fixture
def opening() -> Opening:
    return open_prompt(Options(seed=5), "a red sun over a lake")


@pytest.fixture
def running(tmp_path: Path, opening: Opening) -> Running:
    """A search whose grid is complete; its renderer works inside each call."""
    running = Running(opening, tmp_path / "s")
    running.finish()
    return running


@pytest.fixture
def renderer() -> Stepwise:
    return Stepwise()


@pytest.fixture
def held(tmp_path: Path, opening: Opening, renderer: Stepwise) -> Iterator[Running]:
    """A search whose grid is complete; its renderer does two pictures at a time, in three steps, and is held."""
    held = Running(opening, tmp_path / "s", renderer=renderer)
    held.finish()
    renderer.hold()
    yield held
    held.close()


def ahead(running: Running) -> list[RenderJob]:
    return [job for job in running.renderer.jobs if job.priority == AHEAD_PRIORITY]


def answers_of(running: Running, jobs: Sequence[RenderJob]) -> list[int]:
    """Return which index in the grid on the screen leads to each job, -1 for none of them."""
    tasks = [Grid.of(tell(running.search.session, answer_of(index))).tasks(INDICES) for index in INDICES]
    return [next((index for index in INDICES if all(task in tasks[index] for task in job.tasks)), -1) for job in jobs]


def ready(running: Running) -> list[int]:
    return [index for index in INDICES if running.search.is_ready(index)]


def all_rendered(running: Running) -> list[tuple[Key, bytes, object]]:
    """Return the key, the pixels and the slot of each picture of the grid."""
    search = running.search
    found = [search.finished(index) for index in range(search.size)]
    keys = Grid.of(search.session).keys
    return [
        (key, each.picture.rgb, each.record.settings["slot"])
        for key, each in zip(keys, found, strict=True)
        if each is not None
    ]


def test_nothing_is_rendered_ahead_unless_it_is_switched_on(running: Running) -> None:
    running.search.look_at(2)
    assert (ahead(running), ready(running)) == ([], [])
    running.close()


def test_first_comes_that_none_is_better_then_each_candidate(running: Running) -> None:
    running.search.set_ahead(ALL)
    running.until(lambda: ready(running) == list(INDICES))
    assert answers_of(running, ahead(running)) == [0, 1, 2, 3]
    running.close()


def test_what_the_person_looks_at_comes_first(running: Running) -> None:
    running.search.look_at(2)
    running.search.set_ahead(ALL)
    running.until(lambda: ready(running) == list(INDICES))
    assert answers_of(running, ahead(running)) == [2, 0, 1, 3]
    running.close()


def test_the_blend_of_what_is_marked_comes_before_the_cursor(running: Running) -> None:
    running.search.look_at(2, marks=(3, 1))
    running.search.set_ahead(1)
    running.until(lambda: running.search.is_ready(2))
    blend = Grid.of(tell(running.search.session, Picked(marks=(2, 0))))
    assert ahead(running)[0].tasks == blend.tasks(INDICES)
    assert answers_of(running, ahead(running)) == [-1, 2], "neither is left out, although one grid was asked for"
    running.close()


def test_only_so_many_grids_are_rendered_unless_the_cursor_is_on_more(running: Running) -> None:
    running.search.set_ahead(2)
    running.take_events()
    assert ready(running) == [0, 1]
    for index in (3, 0, 2):
        running.search.look_at(index)
        running.take_events()
    assert ready(running) == [0, 1, 2, 3]
    assert answers_of(running, ahead(running)) == [0, 1, 3, 2]
    running.tell(Picked(marks=(0,)))
    running.take_events()
    assert len(ready(running)) == 2, "each grid has as many of its own"
    running.close()


def test_the_jobs_are_those_that_the_answers_ask_for(tmp_path: Path, opening: Opening, running: Running) -> None:
    running.search.look_at(1, marks=(1, 2))
    running.search.set_ahead(ALL)
    running.until(lambda: ready(running) == list(INDICES))
    answers = [Picked(marks=(0, 1)), *map(answer_of, (1, PARENT, 2, 3))]
    for number, (job, answer) in enumerate(zip(ahead(running), answers, strict=True)):
        other = Running(opening, tmp_path / f"{number}" / "s")
        other.finish()
        other.tell(answer)
        assert replace(job, job=0, priority=0) == replace(other.renderer.jobs[-1], job=0)
        other.close()
    running.close()


def test_a_grid_that_is_there_is_shown_at_once(running: Running) -> None:
    running.search.set_ahead(ALL)
    running.until(lambda: ready(running) == list(INDICES))
    jobs = len(running.renderer.jobs)
    running.search.set_ahead(0)
    running.search.tell(Picked(marks=(1,)), CANDIDATES)
    assert not running.search.progress.running
    assert all(map(running.search.finished, INDICES))
    assert len(running.renderer.jobs) == jobs
    running.close()


def begin(held: Running, renderer: Stepwise, index: int, steps: int) -> RenderJob:
    """Render ahead what a picture leads to for so many steps; after three, two of its three pictures are finished."""
    held.search.look_at(index)
    held.search.set_ahead(1)
    renderer.allow(steps)
    job = ahead(held)[-1]
    fraction = (3 + steps if steps > 3 else 2 * steps) / 9
    held.until(lambda: progress_of(held).fraction == pytest.approx(fraction))
    held.until(lambda: len(progress_of(held).finished) == 2 * (steps // 3))
    held.until(lambda: bool(previews_of(held)) == bool(steps % 3))
    return job


def progress_of(running: Running) -> Progress:
    guess = running.search._ahead._guess
    return Progress() if guess is None else guess.work.progress


def previews_of(running: Running) -> dict[int, Picture]:
    guess = running.search._ahead._guess
    return {} if guess is None else guess.work.previews


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


def test_the_cursor_replaces_what_is_being_rendered(held: Running, renderer: Stepwise) -> None:
    job = begin(held, renderer, PARENT, 3)
    held.search.look_at(2)
    assert renderer.cancels == [job.job]
    assert answers_of(held, ahead(held)) == [0, 2]
    renderer.allow()
    held.until(lambda: ready(held) == [0, 2])
    assert answers_of(held, ahead(held)) == [0, 2, 0]
    assert [task.index for task in ahead(held)[-1].tasks] == [3]


def test_a_grid_that_is_nearly_done_is_finished_first(held: Running, renderer: Stepwise) -> None:
    begin(held, renderer, PARENT, 5)
    held.search.look_at(2)
    assert renderer.cancels == []
    renderer.allow()
    held.until(lambda: ready(held) == [0, 2])


def test_the_cursor_moves_on_a_grid_that_is_being_rendered_for_it(held: Running, renderer: Stepwise) -> None:
    begin(held, renderer, 2, 1)
    held.search.look_at(2)
    held.search.look_at(2, marks=(2,))
    assert renderer.cancels == []


def test_switching_it_off_stops_it_and_keeps_what_is_rendered(held: Running, renderer: Stepwise) -> None:
    job = begin(held, renderer, 2, 4)
    held.search.set_ahead(0)
    assert renderer.cancels == [job.job]
    renderer.allow()
    held.tell(Picked(marks=(1,)))
    assert [task.index for task in renderer.jobs[-1].tasks] == [3]


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


def test_what_the_renderer_ends_by_itself_is_not_begun_again(held: Running, renderer: Stepwise) -> None:
    job = begin(held, renderer, 2, 1)
    held.search.set_ahead(2)
    held.search.handle(JobCancelled(job=job.job))
    held.search.look_at(2)
    assert answers_of(held, ahead(held)) == [2, 0]


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


def picture_bytes(running: Running) -> int:
    finished = running.search.finished(PARENT)
    assert finished is not None
    return len(finished.picture.rgb)


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


def test_thumbnails_come_after_the_grids_ahead_unless_the_person_waits_for_them(
    tmp_path: Path, opening: Opening, renderer: Stepwise
) -> None:
    grown = opening.beginning.lineage.child(Round(seed=1, scale=0.5, of=CANDIDATES))
    held = Running(
        replace(opening, beginning=replace(opening.beginning, lineage=grown)), tmp_path / "s", renderer=renderer
    )
    held.finish()
    renderer.hold()
    held.search.set_ahead(1)
    held.search.render_thumbnails((0,))
    assert [job.priority for job in renderer.jobs[1:]] == [AHEAD_PRIORITY]
    held.search.render_thumbnails((0,), by_hand=True)
    guess, thumbnail = renderer.jobs[1:]
    assert (renderer.cancels, thumbnail.priority, held.search.picture(0)) == ([guess.job], -1, None)
    renderer.allow()
    held.until(lambda: held.search.picture(0) is not None and held.search.is_ready(PARENT))
    assert [job.priority for job in renderer.jobs[1:]] == [AHEAD_PRIORITY, -1, AHEAD_PRIORITY]
    held.close()


def test_the_cursor_interrupts_thumbnails_which_go_on_afterwards(
    tmp_path: Path, opening: Opening, renderer: Stepwise
) -> None:
    grown = opening.beginning.lineage.child(Round(seed=1, scale=0.5, of=CANDIDATES))
    held = Running(
        replace(opening, beginning=replace(opening.beginning, lineage=grown)), tmp_path / "s", renderer=renderer
    )
    held.finish()
    held.search.set_ahead(1)
    held.until(lambda: held.search.is_ready(PARENT))
    renderer.hold()
    held.search.render_thumbnails((0,))
    thumbnail = renderer.jobs[-1]
    held.search.look_at(3)
    assert renderer.cancels == [thumbnail.job]
    renderer.allow()
    held.until(lambda: held.search.picture(0) is not None and held.search.is_ready(3))
    assert [job.priority for job in renderer.jobs[-3:]] == [-1, AHEAD_PRIORITY, -1]
    held.close()


def test_what_something_else_asks_for_by_hand_goes_first(held: Running, renderer: Stepwise) -> None:
    job = begin(held, renderer, 2, 1)
    film = replace(job, job=10**6, priority=-1)
    renderer.render(film)
    held.search.stand_aside()
    assert renderer.cancels == [job.job]
    done = len(renderer.begun)
    renderer.allow()
    held.until(lambda: held.search.is_ready(2))
    jobs = list(dict.fromkeys(renderer.begun[done:]))
    assert jobs[:2] == [film.job, ahead(held)[1].job]
    assert answers_of(held, ahead(held)[:2]) == [2, 2]


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


def test_the_order_of_likely_picks_is_learned_on_the_way(running: Running) -> None:
    running.search.set_ahead(ALL)
    for _ in range(4):
        running.until(lambda: ready(running) == list(INDICES))
        ranks = running.search._known_ranks
        running.tell(Picked(marks=(ranks.index(1.0),)))
    running.until(lambda: ready(running) == list(INDICES))
    ranks = running.search._known_ranks
    by_rank = sorted(range(CANDIDATES), key=lambda position: -ranks[position])
    jobs = ahead(running)[-1 - CANDIDATES :]
    assert answers_of(running, jobs) == [0, *(1 + position for position in by_rank)]
    running.close()


def test_grids_ahead_have_as_many_candidates_as_fit_on_the_screen_now(held: Running, renderer: Stepwise) -> None:
    job = begin(held, renderer, 2, 1)
    held.search.set_count(CANDIDATES + 2)
    assert renderer.cancels == [job.job]
    renderer.allow()
    held.until(lambda: held.search.is_ready(2))
    held.search.tell(Picked(marks=(1,)), CANDIDATES + 2)
    assert (held.search.size, held.search.progress.running) == (CANDIDATES + 3, False)
    assert [job.priority for job in renderer.jobs].count(0) == 1, "the first grid alone was asked for by hand"


def test_a_grid_of_a_different_size_is_not_ready(held: Running, renderer: Stepwise) -> None:
    held.search.set_ahead(1)
    renderer.allow()
    held.until(lambda: ready(held) == [PARENT])
    held.search.set_count(CANDIDATES + 1)
    assert ready(held) == []
    held.search.set_ahead(0)
    held.search.set_count(CANDIDATES)
    assert ready(held) == [PARENT], "it was kept"


def test_thumbnails_that_are_there_or_cannot_be_rendered_here_hold_nothing_up(running: Running) -> None:
    running.search._ahead.grids = ALL
    running.search.render_thumbnails((0,), by_hand=True)  # it is the parent
    assert answers_of(running, ahead(running)) == [0]
    running.close()


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
