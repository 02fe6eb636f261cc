"""The order of grids that are rendered before they are asked for, and who goes first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.open import Opening
from engine.search.ahead import AHEAD_PRIORITY
from engine.search.answers import Picked
from engine.search.forecast import answer_of
from engine.search.grid import Grid
from engine.search.running import PARENT
from engine.search.session import tell
from latentpng.record import Round
from tests.support.engine.searching import CANDIDATES, Running
from tests.support.engine.stepwise import Stepwise
from tests.support.engine.working_ahead import (
    ALL,
    INDICES,
    ahead,
    answers_of,
    begin,
    ready,
)


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
