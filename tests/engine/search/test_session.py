"""The rules of the search, stated on values."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidRequestError
from engine.search.answers import Answer, NoneBetter, Picked, Rebanded, Redirected, Rerolled, Rescaled, Undone
from engine.search.axis import MIN_SCALE, Axis, last_axis, last_scale
from engine.search.bands import Bands, bands_of, correlation, factors_of
from engine.search.seeds import grid_seed
from engine.search.session import (
    Mode,
    Session,
    ask,
    begin,
    can_undo,
    correlation_since_start,
    tell,
    with_count,
)
from latentpng.record import Lineage, Round, SeedRoot


def session(**changes: object) -> Session:
    fields: dict[str, object] = {"seed": 5, "octaves": 3, "scale": 0.7, "count": 8} | changes
    return begin(Lineage(root=SeedRoot(seed=7)), **fields)  # type: ignore[arg-type] # the tests name what they change


answers: st.SearchStrategy[Answer] = st.one_of(
    st.builds(Picked, marks=st.lists(st.integers(0, 7), min_size=1, max_size=3, unique=True).map(tuple)),
    st.builds(NoneBetter),
    st.builds(Rerolled),
    st.builds(Rescaled, factor=st.sampled_from([0.5, 2.0])),
    st.builds(Redirected, axis=st.sampled_from(list(Axis))),
    st.builds(Rebanded, bands=st.sampled_from([Bands.ALL, Bands.TILT, Bands.LAYOUT, Bands.DETAIL])),
)


def test_a_plan_offers_each_candidate_once_with_all_seeds_fixed() -> None:
    plan = ask(session())
    assert plan.parent == Lineage(root=SeedRoot(seed=7))
    assert [lineage.rounds[-1].marks for lineage in plan.candidates] == [(i,) for i in range(8)]
    assert {lineage.rounds[-1].seed for lineage in plan.candidates} == {grid_seed(5, 0)}
    assert ask(session()) == plan


def test_a_pick_becomes_the_parent_and_the_scale_stays() -> None:
    before = session()
    after = tell(before, Picked(marks=(3,)))
    assert after.lineage == ask(before).candidates[3]
    assert after.template.scale == 0.7
    assert after.template.seed != before.template.seed


def test_what_moves_can_be_the_noise_the_prompt_or_both() -> None:
    before = session(bands=Bands.TILT)
    assert (before.axis, before.scale) == (Axis.NOISE, 0.7)
    prompt, both = (tell(before, Redirected(axis=axis)) for axis in (Axis.PROMPT, Axis.BOTH))
    scales = [(after.template.scale, after.template.prompt_scale) for after in (prompt, both)]
    assert scales == [(0.0, 0.7), (0.7, 0.7)]
    assert {after.template.seed for after in (prompt, both)} == {before.template.seed}
    assert [after.axis for after in (prompt, both)] == [Axis.PROMPT, Axis.BOTH]
    assert tell(prompt, Redirected(axis=Axis.NOISE)).template == before.template, "the bands are still there"
    assert tell(prompt, Undone()).template == before.template


def test_the_scale_is_that_of_what_moves() -> None:
    prompt = session(axis=Axis.PROMPT, scale=0.6)
    for answer in (NoneBetter(), Rescaled(factor=0.5)):
        after = tell(prompt, answer)
        assert (after.template.scale, after.template.prompt_scale, after.scale) == (0.0, 0.3, 0.3)
    assert tell(tell(prompt, Rescaled(factor=4.0)), Redirected(axis=Axis.BOTH)).template.scale == 1.0
    picked = tell(session(axis=Axis.BOTH, scale=0.04, mode=Mode.BISECT), Picked(marks=(1,)))
    assert (picked.template.scale, picked.template.prompt_scale, picked.at_floor) == (0.02, 0.02, True)


def test_a_picture_continues_with_what_its_last_round_moved() -> None:
    begun = session(axis=Axis.PROMPT, scale=0.5)
    child = tell(begun, Picked(marks=(3,))).lineage
    assert (last_axis(child), last_scale(child, 0.9)) == (Axis.PROMPT, 0.5)
    assert (last_axis(begun.lineage), last_scale(begun.lineage, 0.9)) == (Axis.NOISE, 0.9)
    reopened = begin(child, seed=9, octaves=3, scale=0.5, count=8)
    assert (tell(reopened, Undone()).axis, tell(reopened, Undone()).scale) == (Axis.PROMPT, 0.5)
    assert correlation_since_start(tell(begun, Picked(marks=(3,)))) == 1.0, "of the noise"


def test_a_file_may_move_noise_and_prompt_by_different_scales() -> None:
    odd = Round(seed=3, scale=0.1, of=2, bands=(10.0, 1.0, 1.0), prompt_scale=0.8)
    back = tell(begin(Lineage(root=SeedRoot(seed=7), rounds=(odd,)), seed=9, octaves=3, scale=1, count=8), Undone())
    halved = tell(back, Rescaled(factor=0.125)).template
    assert [halved.prompt_scale, halved.scale] == pytest.approx([0.1, 0.0125])
    assert tell(back, Redirected(axis=Axis.BOTH)).template.scale == pytest.approx(0.1), "10 times 0.1 is the most"


def test_bisect_halves_on_every_pick() -> None:
    assert tell(session(mode=Mode.BISECT), Picked(marks=(0,))).template.scale == 0.35


def test_several_marks_are_one_round_that_blends_them() -> None:
    assert tell(session(), Picked(marks=(5, 1))).lineage.rounds[-1].marks == (5, 1)


def test_none_better_keeps_the_parent_and_halves_down_to_the_floor() -> None:
    current = session()
    scales = []
    for _ in range(7):
        current = tell(current, NoneBetter())
        scales.append(current.template.scale)
    assert scales == [0.35, 0.175, 0.0875, 0.04375, 0.021875, MIN_SCALE, MIN_SCALE]
    assert current.at_floor
    assert current.lineage == session().lineage


def test_a_reroll_changes_nothing_but_the_seed() -> None:
    before = session()
    after = tell(before, Rerolled())
    assert after.template == replace(before.template, seed=after.template.seed)
    assert after.template.seed != before.template.seed


def test_a_new_scale_keeps_the_directions() -> None:
    after = tell(session(), Rescaled(factor=2.0))
    assert (after.template.scale, after.template.seed) == (1.0, session().template.seed)


@given(st.lists(answers, max_size=12))
def test_undo_goes_back_through_every_answer(told: list[Answer]) -> None:
    current = session()
    offers = []
    for answer in told:
        offers.append((current.lineage, current.template))
        current = tell(current, answer)
    for offer in reversed(offers):
        current = tell(current, Undone())
        assert (current.lineage, current.template) == offer
    assert not can_undo(current)


def test_undo_beyond_the_start_follows_the_lineage_of_the_picture() -> None:
    grown = tell(session(), Picked(marks=(2,))).lineage
    reopened = begin(grown, seed=99, octaves=3, scale=0.2, count=3)
    back = tell(reopened, Undone())
    assert back.lineage == session().lineage
    assert ask(back) == ask(session())
    with pytest.raises(InvalidRequestError, match=r"^there is nothing to undo: the search began with this picture$"):
        tell(back, Undone())


def test_a_pick_outside_the_grid_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match=r"^candidates 0 to 7 are on offer, picked: \[8\]$"):
        tell(session(), Picked(marks=(8,)))


def test_bands_by_name() -> None:
    assert factors_of(Bands.TILT, 4) == (1.0, 0.5, 0.25, 0.125)
    assert factors_of(Bands.LAYOUT, 3) == (1.0, 1.0, 0.0)
    assert factors_of(Bands.DETAIL, 3) == (0.0, 0.0, 1.0)
    assert factors_of(Bands.ALL, 3) == factors_of(Bands.TILT, 0) == factors_of(Bands.TILT, 1) == ()
    assert [bands_of(factors_of(bands, 3), 3) for bands in list(Bands)[:4]] == list(Bands)[:4]
    assert bands_of((0.3, 0.2, 0.1), 3) is Bands.CUSTOM


def test_the_correlation_is_the_cosine_of_the_perturbation() -> None:
    assert correlation(Round(seed=0, scale=0.5)) == pytest.approx(math.sqrt(0.75))
    assert correlation(Round(seed=0, scale=0.6, bands=(1.0, 1.0, 1.0))) == pytest.approx(0.8)
    only_texture = correlation(Round(seed=0, scale=1.0, bands=(0.0, 0.0, 1.0)))
    assert only_texture == pytest.approx(0.25)
    twice = tell(tell(session(scale=0.6), Picked(marks=(0,))), Picked(marks=(0,)))
    assert correlation_since_start(twice) == pytest.approx(0.64)


def test_the_grid_may_change_its_size_with_the_next_draw() -> None:
    smaller = with_count(session(), 3)
    assert ask(smaller) == ask(session())
    assert len(ask(tell(smaller, Rerolled())).candidates) == 3


def test_fields_of_one_round_of_a_file_end_with_it() -> None:
    odd = Round(seed=3, scale=0.1, of=40, bands=(10.0, 1.0, 1.0), region="01", extra={"later": 1})
    reopened = begin(Lineage(root=SeedRoot(seed=7), rounds=(odd,)), seed=9, octaves=3, scale=0.5, count=8)
    back = tell(reopened, Undone())
    assert back.template == odd
    assert tell(back, Rescaled(factor=2.0)).template.scale == pytest.approx(0.1), "10 times 0.1 is the most"
    fresh = tell(back, Rerolled()).template
    assert (fresh.of, fresh.extra) == (8, {})
    assert (fresh.region, fresh.bands) == ("01", odd.bands), "these stay until others are chosen"
