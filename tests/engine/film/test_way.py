"""The way to a picture: a stop for each pick and each edit, and what can be shown of it."""

from __future__ import annotations

from engine.film.way import Stop, way_of
from latentpng.record import Lineage, Round, SeedRoot

PICK = Round(seed=5, scale=0.4, of=4, marks=(1,))
WORDS = Round(seed=0, scale=0.0, settings={"prompt": "a fox", "steps": 9})


def lineage(*rounds: Round) -> Lineage:
    """Return the lineage of a seed and these rounds."""
    return Lineage(root=SeedRoot(seed=1), rounds=rounds)


def test_a_stop_for_the_root_each_pick_and_each_edit() -> None:
    assert way_of(lineage(PICK, WORDS, PICK)).stops == (
        Stop(rounds=0, words="start"),
        Stop(rounds=1, words="pick 1"),
        Stop(rounds=2, words="new prompt, steps", edits=1, is_cut=True),
        Stop(rounds=3, words="pick 2", edits=1),
    )


def test_the_regions_of_one_pick_are_one_stop() -> None:
    left, right = (Round(seed=6, scale=0.4, region=region) for region in ("10", "01"))
    assert [(stop.rounds, stop.words) for stop in way_of(lineage(PICK, left, right)).stops] == [
        (0, "start"),
        (1, "pick 1"),
        (3, "pick 2: 2 regions"),
    ]


def test_the_words_of_a_pick_say_what_is_special_about_it() -> None:
    blend = Round(seed=5, scale=0.4, of=8, marks=(1, 6))
    left = Round(seed=6, scale=0.4, of=8, marks=(3,), region="10")
    right = Round(seed=6, scale=0.4, of=8, marks=(1, 2), region="01")
    assert [stop.words for stop in way_of(lineage(PICK, blend, left, PICK, left, right)).stops[1:]] == [
        "pick 1",
        "pick 2: blended",
        "pick 3: left half",
        "pick 4",
        "pick 5: 2 regions, blended",
    ]


def test_a_pick_that_also_changes_settings_is_a_cut() -> None:
    both = Round(seed=5, scale=0.4, settings={"guidance": 3})
    assert way_of(lineage(both)).stops[1] == Stop(rounds=1, words="pick 1", edits=1, is_cut=True)


def test_names_of_settings_that_a_file_made_up_are_not_repeated() -> None:
    made_up = Round(seed=0, scale=0.0, settings={"[@click=app.quit]": 1})
    assert way_of(lineage(made_up)).stops[1].words == "new settings"
    both_sides = Round(seed=0, scale=0.0, settings={"width": 64, "height": 64, "negative_prompt": ""})
    assert way_of(lineage(both_sides)).stops[1].words == "new size, negative prompt"


def test_the_whole_way_is_within_what_can_be_rendered() -> None:
    way = way_of(lineage(PICK, WORDS, PICK))
    assert way.within({0, 1}, ()) == way


def test_stops_that_are_only_known_are_faded_into_their_neighbours() -> None:
    way = way_of(lineage(PICK, WORDS, PICK)).within({1}, {0, 1})
    assert [(stop.rounds, stop.is_cut) for stop in way.stops] == [(0, True), (1, True), (2, True), (3, False)]


def test_stops_that_are_neither_known_nor_possible_are_left_out() -> None:
    way = way_of(lineage(PICK, WORDS, PICK)).within({0}, {3})
    assert [(stop.rounds, stop.is_cut) for stop in way.stops] == [(0, False), (1, False), (3, True)]
