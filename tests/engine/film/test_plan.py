"""The plan of a film: which pictures it needs, how long its frames are shown, and what is too much."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from engine.errors import InvalidRequestError
from engine.film.between import lineage_at
from engine.film.plan import MAX_CELLS, MAX_LEGS, MAX_PICTURES, plan_film
from engine.film.timing import Timing, pace_of
from engine.film.way import Way, way_of
from latentpng.record import Lineage, Round, SeedRoot


def way(picks: int, edit_at: int = -1) -> Way:
    """Return a way of so many picks, one of them an edit."""
    rounds = tuple(
        Round(seed=number, scale=0.0, settings={"prompt": "x"})
        if number == edit_at
        else Round(seed=number, scale=0.4, of=4, marks=(1,))
        for number in range(picks)
    )
    return way_of(Lineage(root=SeedRoot(seed=1), rounds=rounds))


def test_a_film_of_two_picks() -> None:
    whole = way(2)
    plan = plan_film(whole, Timing(between=3, fps=10))
    parts = (0, 0.146447, 0.5, 0.853553)
    between = [
        lineage_at(whole.lineage, stop, stop + 1, round(stop + part, 6) - stop) for stop in (0, 1) for part in parts
    ]
    assert [picture.lineage for picture in plan.pictures] == [*between, whole.lineage]
    assert [frame.picture for frame in plan.frames] == list(range(9))
    assert [frame.seconds for frame in plan.frames] == [0.6, 0.1, 0.1, 0.1, 0.6, 0.1, 0.1, 0.1, 2.4]
    assert [frame.stop for frame in plan.frames] == [0, 0, 1, 1, 1, 1, 2, 2, 2]
    assert all(frame.mix == 0.0 and frame.other == frame.picture for frame in plan.frames)
    assert plan.cells == ()


def test_an_edit_is_faded_and_needs_no_pictures_between() -> None:
    plan = plan_film(way(2, edit_at=1), Timing(between=3))
    assert [(picture.stop, picture.is_stop) for picture in plan.pictures] == [
        *((0, True), (0, False), (0, False), (0, False)),
        *((1, True), (2, True)),
    ]
    fades = [(frame.picture, frame.other, round(frame.mix, 3)) for frame in plan.frames[4:]]
    assert fades == [(4, 4, 0.0), (4, 5, 0.146), (4, 5, 0.5), (4, 5, 0.854), (5, 5, 0.0)]
    assert [plan.stop_of(index).edits for index in range(6)] == [0, 0, 0, 0, 0, 1]


def test_a_contact_sheet_needs_the_ancestors_alone() -> None:
    plan = plan_film(way(5), Timing(), film=False, sheet=True)
    assert [len(picture.lineage.rounds) for picture in plan.pictures] == [0, 1, 2, 3, 4, 5]
    assert plan.cells == (0, 1, 2, 3, 4, 5)
    assert plan.frames == ()


@pytest.mark.parametrize("picks", [MAX_LEGS + 1, 200, 4000])
def test_a_long_way_gives_a_film_of_the_same_length(picks: int) -> None:
    plan = plan_film(way(picks), Timing(), sheet=True)
    assert plan.seconds == pytest.approx(MAX_LEGS * (0.6 + 12 / 15) + 2.4)
    assert len(plan.frames) == MAX_LEGS * 13 + 1
    assert len(plan.cells) == min(picks + 1, MAX_CELLS)
    rounds = [len(picture.lineage.rounds) for picture in plan.pictures]
    assert rounds == sorted(rounds)
    assert (rounds[0], rounds[-1]) == (0, picks)
    places = [frame.picture for frame in plan.frames]
    assert places == sorted(set(places)), "no picture is shown twice, and none out of order"


def test_the_way_through_a_long_leg_passes_the_ancestors() -> None:
    plan = plan_film(way(48), Timing(between=3))
    leg = [plan.pictures[frame.picture].lineage for frame in plan.frames[:5]]
    assert [len(lineage.rounds) for lineage in leg] == [0, 1, 1, 2, 2]
    assert leg[2] == way(48).lineage.ancestor(1)
    assert plan.frames[2].stop == 1


def test_frames_between_can_be_left_out() -> None:
    plan = plan_film(way(3), Timing(between=0))
    assert [frame.seconds for frame in plan.frames] == [0.6, 0.6, 0.6, 2.4]
    assert len(plan.pictures) == 4


@pytest.mark.parametrize("timing", [Timing(seconds=20.0), Timing(seconds=6.0, between=5), Timing(seconds=3.0, fps=30)])
def test_a_film_takes_the_seconds_that_were_asked_for(timing: Timing) -> None:
    for picks in (1, 8, 30):
        assert plan_film(way(picks), timing).seconds == pytest.approx(timing.seconds)


def test_two_of_three_values_lead_to_the_third() -> None:
    pace = pace_of(Timing(seconds=20.0, fps=10.0), legs=8)
    assert (pace.between, pace.halt, pace.last) == (16, 0.6, 2.4)
    assert pace_of(Timing(between=4, fps=8.0), legs=8).frame == 0.125
    assert pace_of(Timing(between=4, seconds=20.0), legs=8).frame == pytest.approx((20 - 8 * 0.6 - 2.4) / 32)
    assert pace_of(Timing(seconds=0.1), legs=24).between == 0


def test_what_cannot_be_planned() -> None:
    refused: dict[str, Callable[[], object]] = {
        "there is no way to show: this picture has no rounds, it is where a search begins": lambda: plan_film(
            way(0), Timing()
        ),
        "this film would need 4,825 pictures, and at most 1,000 are possible: choose fewer frames between two "
        "pictures": lambda: plan_film(way(24), Timing(between=200)),
        "the frames, the seconds and the frames a second of a film depend on each other: choose two of them": (
            lambda: Timing(between=1, seconds=1.0, fps=1.0)
        ),
        "the frames between two pictures are a number from 0 to 240, found 241": lambda: Timing(between=241),
        "the frames between two pictures are a number from 0 to 240, found -1": lambda: Timing(between=-1),
        "length of a film in seconds: a number above 0 and at most 600 is needed, found nan": lambda: Timing(
            seconds=float("nan")
        ),
        "frames a second: a number above 0 and at most 50 is needed, found 0": lambda: Timing(fps=0.0),
        "40 frames between two pictures do not fit into 2 seconds: each would be shown for less than 20 ms; choose "
        "fewer frames or more seconds": lambda: plan_film(way(8), Timing(between=40, seconds=2.0)),
    }
    for sentence, make in refused.items():
        with pytest.raises(InvalidRequestError) as error:
            make()
        assert str(error.value) == sentence


def test_the_limit_itself_is_possible() -> None:
    legs = next(legs for legs in itertools.count(1) if (MAX_PICTURES - 1) % legs == 0 and legs > 4)
    assert legs == 9
    plan = plan_film(way(legs), Timing(between=(MAX_PICTURES - 1) // legs - 1))
    assert len(plan.pictures) == MAX_PICTURES
