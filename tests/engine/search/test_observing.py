"""A search learns how far its candidates look from their parent, and where that can no longer be seen."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest

from engine import fake_pictures
from engine.open import Opening, open_prompt
from engine.options import Options
from engine.rendering.events import Picture
from engine.search.answers import NoneBetter, Picked, Rebanded, Redirected, Rescaled, Undone
from engine.search.axis import MIN_SCALE, Axis
from engine.search.bands import Bands
from engine.search.measuring import difference, reduced
from engine.search.observing import Observer, variation_of
from engine.search.perceptual import MAX_FLOOR, ScaleFit, ScaleLaw
from engine.search.running import PARENT
from engine.search.session import Session
from tests.engine.search.sessions import CANDIDATES, session
from tests.support.engine.searching import Running, resumed


@pytest.fixture
def opening() -> Opening:
    return open_prompt(Options(seed=5), "a red sun over a lake")


def faint(patch: pytest.MonkeyPatch, strength: float) -> None:
    """Make the finished pictures of the fake renderer differ less."""
    patch.setattr(fake_pictures, "paint", partial(fake_pictures.paint, strength=strength))


def grey(level: int) -> Picture:
    return Picture(width=8, height=8, rgb=bytes([level]) * 8 * 8 * 3)


def looked_at(observer: Observer, offered: Session, pictures: Mapping[int, Picture]) -> list[bool]:
    """Show a grid to an observer, picture by picture; what it said to each."""
    observer.show("model", offered)
    there: dict[int, Picture] = {}
    changed = []
    for index, picture in pictures.items():
        there[index] = picture
        changed.append(observer.take(index, there.get))
    return changed


def test_a_finished_grid_is_one_observation() -> None:
    observer, offered = Observer(), session()
    levels = [100, 110, 120, 200, 130]
    assert looked_at(observer, offered, dict(enumerate(map(grey, levels)))) == [False] * CANDIDATES + [True]
    (observation,) = observer.fit("model").observations
    assert (observation.variation, observation.scale) == ((Axis.NOISE, Bands.ALL), 0.5)
    assert observation.difference == pytest.approx(25 / 255), "the median of 10, 20, 100 and 30 levels"
    assert observer.fit("a different model") == ScaleFit()


def test_candidates_count_whenever_their_parent_comes() -> None:
    observer = Observer()
    levels = {3: 130, 1: 110, 2: 120, 4: 120, PARENT: 100}
    assert looked_at(observer, session(), {index: grey(level) for index, level in levels.items()})[-1]
    assert observer.fit("model").observations[0].difference == pytest.approx(20 / 255)


@pytest.mark.parametrize(("count", "counts"), [(0, False), (1, False), (2, True), (3, True)])
def test_a_grid_that_is_left_counts_when_half_of_it_was_seen(count: int, counts: bool) -> None:
    observer, offered = Observer(), session()
    looked_at(observer, offered, {index: grey(100 + index) for index in range(count + 1)})
    assert not observer.fit("model").observations
    observer.show("model", offered)
    assert bool(observer.fit("model").observations) == counts
    observer.show("model", offered)
    assert len(observer.fit("model").observations) == int(counts)


def test_pictures_of_different_sizes_are_not_compared() -> None:
    observer = Observer()
    pictures = {PARENT: Picture(width=4, height=4, rgb=bytes(48))} | {index: grey(9) for index in range(1, 5)}
    assert not any(looked_at(observer, session(), pictures))


def test_a_search_learns_from_its_grids(tmp_path: Path, opening: Opening) -> None:
    running = Running(opening, tmp_path / "s")
    running.finish()
    search = running.search
    pictures = [reduced(found.picture) for index in range(search.size) if (found := search.finished(index))]
    seen = sorted(difference(pictures[PARENT], one) for one in pictures[1:])
    assert search.law.difference(search.session.scale) == pytest.approx(seen[1], rel=0.2)
    assert search.law.amplitude > 1.5 * ScaleLaw().amplitude
    assert search.session.floor == search.law.floor
    running.close()


def test_a_search_whose_pictures_hardly_differ_stops_sooner(
    tmp_path: Path, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    faint(monkeypatch, 0.02)
    running = Running(opening, tmp_path / "s")
    running.finish()
    floor = running.search.session.floor
    assert 3 * MIN_SCALE < floor <= MAX_FLOOR
    before = running.search.session.scale
    for _ in range(8):
        if not running.search.session.at_floor:
            running.tell(NoneBetter())
    assert running.search.session.at_floor
    assert before > running.search.session.scale >= floor / 2
    running.close()


def test_what_varies_decides_on_the_floor(tmp_path: Path, opening: Opening) -> None:
    running = Running(opening, tmp_path / "s")
    for answer in (Rebanded(bands=Bands.DETAIL), Redirected(axis=Axis.PROMPT), Undone(), Picked(marks=(1,))):
        running.tell(answer)
        search = running.search
        assert search.session.floor == search.law.floor
        assert search.law == search._observer.fit(search.variant.load.load_key).law(variation_of(search.session))
    running.close()


def test_equal_steps_halve_the_difference_that_was_learned(tmp_path: Path, opening: Opening) -> None:
    running = Running(opening, tmp_path / "s")
    running.finish()
    law, scale = running.search.law, running.search.session.scale
    running.search.tell(Rescaled(factor=law.factor(0.5)), CANDIDATES)
    assert law.difference(running.search.session.scale) == pytest.approx(law.difference(scale) / 2)
    running.close()


def test_a_continued_search_learns_again(tmp_path: Path, opening: Opening) -> None:
    running = Running(opening, tmp_path / "s")
    running.finish()
    learned = running.search.law
    running.close()
    again = resumed(tmp_path / "s")
    again.finish()
    assert again.search.law == learned
    again.close()


def test_a_draft_is_only_compared_with_a_draft() -> None:
    observer, offered = Observer(), session()
    observer.show("model", offered)
    finished = {PARENT: grey(100)}
    drafts = {index: grey(140 + index) for index in range(1, 1 + CANDIDATES)}
    assert not observer.take(PARENT, finished.get)
    assert [observer.take(index, drafts.get, are_drafts=True) for index in drafts] == [False] * CANDIDATES
    assert observer.fit("model") == ScaleFit(), "the parent was no draft"
    drafts[PARENT] = grey(130)
    assert observer.take(1, drafts.get, are_drafts=True)
    (observation,) = observer.fit("model").observations
    assert observation.difference == pytest.approx(12.5 / 255), "the median of 11, 12, 13 and 14 levels"


def test_some_may_be_finished_and_others_drafts() -> None:
    observer, offered = Observer(), session()
    observer.show("model", offered)
    drafts = {PARENT: grey(130), **{index: grey(140) for index in range(1, 1 + CANDIDATES)}}
    finished = {PARENT: grey(100), 1: grey(110)}
    observer.take(PARENT, finished.get)
    observer.take(1, finished.get)
    changed = [observer.take(index, drafts.get, are_drafts=True) for index in range(2, 1 + CANDIDATES)]
    assert changed == [False] * (CANDIDATES - 2) + [True]
    (observation,) = observer.fit("model").observations
    assert observation.difference == pytest.approx(10 / 255)


def test_a_search_learns_from_drafts_once_their_parent_was_one(tmp_path: Path, opening: Opening) -> None:
    running = Running(opening, tmp_path / "s", drafts=True)
    running.finish()
    before = running.search.law
    running.tell(NoneBetter())
    assert running.search.law == before, "the root was no draft"
    running.tell(Picked(marks=(0,)))
    assert running.search.law != before
    running.close()
