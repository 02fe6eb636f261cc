"""A pick by region while it is being made: laws of the asking, and what it says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.search.answers import Confined, NoneBetter, PickedByRegion, Redirected, RegionMarks
from engine.search.axis import Axis
from engine.search.regions import NAMED, NO_SIDES, WHOLE, Split, coverage, union
from engine.search.session import Session, begin, tell
from latentpng.record import Lineage, SeedRoot
from tui.app.region_phrases import (
    answer_forms,
    asking_words,
    dropped_words,
    is_fresh_combination,
    place_forms,
    scale_words,
)
from tui.app.region_pick import MAX_HERE, RegionPick, begun, following, obstacle, undivided

SESSION = begin(Lineage(root=SeedRoot(seed=1)), seed=1, octaves=3, scale=0.7, count=8)
TL, TR, BL, BR = (NAMED[name] for name in ("tl", "tr", "bl", "br"))
QUARTERS = begun(Split.QUARTERS, SESSION, width=64, height=64)
HALVES = begun(Split.HALVES, SESSION, width=64, height=64)
POSITIONS = st.integers(0, 7)
KEYS = st.lists(st.one_of(POSITIONS, st.sampled_from(["keep", "back", "add"])), max_size=30)


def after(pick: RegionPick, *keys: int | str) -> RegionPick:
    """Return a pick after keys, as the screen presses them."""
    for key in keys:
        if key == "keep":
            pick = pick.kept()
        elif key == "back":
            pick = pick.back()
        elif key == "add":
            pick = pick.adding() if pick.answers and pick.answers[-1] and not pick.is_full else pick
        else:
            pick = pick.also(int(key)) if pick.is_adding else pick.answered(int(key))
    return pick


def at(position: int) -> str:
    return str(position + 1)


@given(st.sampled_from([HALVES, QUARTERS]), KEYS)
def test_whatever_is_pressed_the_answer_fits_the_grid(pick: RegionPick, keys: list[int | str]) -> None:
    done = after(pick, *keys)
    assert len(done.answers) <= len(done.regions)
    assert all(len(marks) <= MAX_HERE and len(set(marks)) == len(marks) for marks in done.answers)
    assert done.lit in (*done.regions, WHOLE)
    assert done.is_complete == (done.lit == WHOLE)
    answer = done.answer()
    if answer is None:
        assert done.answers == ()
    else:
        assert tell(SESSION, answer).past == (SESSION.place,)
    if isinstance(answer, PickedByRegion):
        regions = [part.region for part in answer.parts]
        assert sum(map(coverage, regions)) == pytest.approx(coverage(union(regions)))
        assert answer.asked == len(done.regions)


@given(st.sampled_from([HALVES, QUARTERS]), KEYS, POSITIONS)
def test_back_takes_an_answer_back(pick: RegionPick, keys: list[int | str], position: int) -> None:
    done = replace(after(pick, *keys), is_adding=False)
    if done.is_complete:
        assert done.answered(position) == done.kept() == done
    else:
        assert done.answered(position).back() == done.kept().back() == done


@given(st.sampled_from([HALVES, QUARTERS]), KEYS, st.permutations(range(8)), st.sets(POSITIONS))
def test_answers_follow_candidates_that_move_and_end_at_one_that_is_gone(
    pick: RegionPick, keys: list[int | str], order: list[int], gone: set[int]
) -> None:
    before = after(pick, *keys)
    moved = before.moved({at: order[at] for at in range(8) if at not in gone})
    assert (
        moved.answers == tuple(tuple(order[mark] for mark in marks) for marks in before.answers)[: len(moved.answers)]
    )
    lost = [at for at, marks in enumerate(before.answers) if gone & set(marks)]
    assert len(moved.answers) == (lost[0] if lost else len(before.answers))
    assert moved.is_adding == (before.is_adding and not lost)


def test_the_light_moves_on_and_back() -> None:
    assert [pick.lit for pick in (QUARTERS, after(QUARTERS, 3), after(QUARTERS, 3, "keep"))] == [TL, TR, BL]
    assert after(QUARTERS, 3, "add").lit == TL
    assert after(QUARTERS, 3, "add", 5).lit == TR
    assert after(QUARTERS, 0, 1, 2, 3).lit == WHOLE
    assert after(QUARTERS, 0, 1, 2, 3, "back").lit == BR
    assert not RegionPick().is_asking


def test_what_is_left_open_keeps_the_parent() -> None:
    assert QUARTERS.answer() is None
    assert after(QUARTERS, "keep", 4, "add", 1).answer() == PickedByRegion(
        parts=(RegionMarks(region=TR, marks=(4, 1)),), asked=4
    )
    assert after(QUARTERS, "keep").answer() == NoneBetter()
    assert after(HALVES, "keep", "keep").answer() == NoneBetter()


def test_a_candidate_knows_its_regions() -> None:
    pick = after(QUARTERS, 3, 4, "add", 3)
    assert pick.regions_with(3) == (TL, TR)
    assert pick.regions_with(0) == ()
    assert place_forms(pick.regions_with(3)) == ("top left, top right", "tl tr")
    assert place_forms(()) == ()


def splits(session: Session) -> list[Split]:
    """Return the splits that x leads to, one after the other."""
    pick = RegionPick()
    found: list[Split] = []
    while not found or pick.split is not Split.WHOLE:
        pick = following(pick, session, width=64, height=64)
        found.append(pick.split)
    return found


def test_x_goes_round_what_divides_the_region_that_varies() -> None:
    assert splits(SESSION) == [Split.HALVES, Split.QUARTERS, Split.WHOLE]
    left = tell(SESSION, Confined(region="10"))
    assert splits(left) == [Split.QUARTERS, Split.WHOLE]
    assert begun(Split.QUARTERS, left, width=64, height=64).regions == (TL, BL)
    corner = tell(SESSION, Confined(region="1000/0000/0000/0000"))
    assert splits(corner) == [Split.WHOLE]
    assert undivided(corner) == (
        "only a region of 6% varies, which is too little to divide; M varies the whole picture"
    )
    assert begun(Split.HALVES, SESSION, width=64, height=96).regions == ("1/0", "0/1")


def test_only_noise_with_a_width_and_a_height_has_regions() -> None:
    prompt, both = (tell(SESSION, Redirected(axis=axis)) for axis in (Axis.PROMPT, Axis.BOTH))
    assert obstacle(SESSION) == ""
    assert obstacle(prompt) == "only the prompt varies, and it has no regions; press a twice to vary the noise alone"
    assert obstacle(both) == "the prompt varies too, and it has no regions; press a to vary the noise alone"
    assert obstacle(replace(SESSION, octaves=0)) == NO_SIDES
    assert not begun(Split.HALVES, both, width=64, height=64).is_asking


def test_what_is_asked_fits_its_line() -> None:
    assert asking_words(QUARTERS, at, 100) == (
        "top left quarter (1 of 4): press the number of the best picture there, Space keeps the parent"
    )
    assert asking_words(QUARTERS, at, 79) == "top left quarter (1 of 4): press the number of the best picture there"
    assert asking_words(QUARTERS, at, 44) == "top left quarter (1 of 4): which is best?"
    assert asking_words(QUARTERS, at, 10) == "top left quarter"
    assert asking_words(after(QUARTERS, 2, "add"), at, 100) == (
        "top left quarter: press the key of the picture to blend with 3, or + again for none"
    )
    done = after(HALVES, 2, "keep")
    assert asking_words(done, at, 100) == (
        "left 3, right parent: Enter picks this, Backspace takes the last answer back"
    )
    assert asking_words(done, at, 42) == "left 3, right parent: Enter picks this"
    for pick in (QUARTERS, after(QUARTERS, 2, "add"), after(QUARTERS, 0, 1, 2, 3)):
        assert all(len(asking_words(pick, at, columns)) < columns for columns in range(20, 140))


def test_what_was_answered_in_words() -> None:
    assert answer_forms(after(QUARTERS, 2, 4, "add", 1, "keep"), at) == (
        "top left 3, top right 5+2, bottom left parent",
        "tl 3, tr 5+2, bl parent",
    )


def test_what_is_dropped_is_said() -> None:
    assert dropped_words(RegionPick(), HALVES) == ""
    assert dropped_words(RegionPick(), HALVES, 2) == "the 2 marks are dropped; pick by halves now"
    assert dropped_words(after(HALVES, 1), QUARTERS) == "the answer is dropped; pick by quarters now"
    assert dropped_words(after(QUARTERS, 1, 2), RegionPick()) == (
        "the 2 answers are dropped; pictures are picked as a whole again"
    )
    assert dropped_words(QUARTERS, RegionPick()) == "pictures are picked as a whole again"


def test_a_smaller_scale_is_explained() -> None:
    few, many = after(QUARTERS, 1).answer(), after(QUARTERS, 1, 2).answer()
    assert isinstance(few, PickedByRegion)
    assert isinstance(many, PickedByRegion)
    assert scale_words(SESSION, tell(SESSION, few), few) == "few regions improved: scale 0.25"
    once = tell(SESSION, many)
    assert scale_words(SESSION, once, many) == "picks by region go on nearer: scale 0.5"
    assert scale_words(once, tell(once, many), many) == ""
    assert is_fresh_combination(once)
    assert not is_fresh_combination(SESSION)
