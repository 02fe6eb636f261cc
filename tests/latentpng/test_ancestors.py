"""The settings of ancestors, as the edits on the way to a picture record them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentpng.ancestors import OF_ONE_RENDERING, settings_at
from latentpng.chunk.metadata import metadata_to_json
from latentpng.errors import InvalidValueError
from latentpng.png.files import read_record, write_picture
from latentpng.record import Json, JsonObject, LatentRecord, Round
from tests.support.latentpng import independent
from tests.support.latentpng.pictures import RGB, SIDE, altered, records, seeded_record

small_values: st.SearchStrategy[Json] = st.integers(0, 3) | st.sampled_from("abc")
states: st.SearchStrategy[JsonObject] = st.dictionaries(st.sampled_from("pqrs"), small_values)


def edit(before: JsonObject, after: JsonObject) -> Round:
    """Return the edit that leads from some settings to others."""
    changed = {key for key in {*before, *after} if before.get(key) != after.get(key)}
    return Round(
        seed=0,
        scale=0.0,
        settings={key: after.get(key) for key in changed},
        before={key: before.get(key) for key in changed},
    )


def chain(*ways: JsonObject) -> LatentRecord:
    """Return the record of a picture with an edit from each of some settings to the next."""
    rounds = tuple(edit(before, after) for before, after in pairwise(ways))
    return altered(seeded_record(rounds), settings=ways[-1])


@given(st.lists(states, min_size=1, max_size=5))
def test_every_ancestor_has_the_settings_that_it_was_rendered_with(ways: list[JsonObject]) -> None:
    record = chain(*ways)
    assert [settings_at(record, rounds) for rounds in range(len(ways))] == ways


@given(records(), st.data())
def test_whatever_a_file_says_two_readers_agree(record: LatentRecord, data: st.DataObject) -> None:
    rounds = data.draw(st.integers(0, len(record.lineage.rounds)))
    expected = independent.settings_at(metadata_to_json(record.metadata), rounds)
    assert settings_at(record, rounds) == expected
    assert settings_at(record, len(record.lineage.rounds)) == record.settings


def test_a_file_keeps_the_way_back(tmp_path: Path) -> None:
    ways: tuple[JsonObject, ...] = ({"prompt": "a"}, {"prompt": "b", "steps": 3}, {"prompt": "b"})
    write_picture(tmp_path / "a.png", SIDE, SIDE, RGB, chain(*ways))
    record = read_record(tmp_path / "a.png")
    assert record.lineage == chain(*ways).lineage
    assert tuple(settings_at(record, rounds) for rounds in range(3)) == ways


def test_what_was_replaced_without_a_record_of_it_is_found_in_earlier_rounds_or_stays() -> None:
    rounds = (
        Round(seed=1, scale=0.5),
        Round(seed=0, scale=0.0, settings={"steps": 5}),
        Round(seed=0, scale=0.0, settings={"steps": 7, "prompt": "b"}, before={"ignored": 1}),
    )
    record = altered(seeded_record(rounds), settings={"prompt": "b", "steps": 7, "ignored": 2})
    assert settings_at(record, 2) == {"prompt": "b", "steps": 5, "ignored": 2}
    assert settings_at(record, 0) == {"prompt": "b", "steps": 5, "ignored": 2}


def test_what_belongs_to_one_rendering_does_not_hold_for_an_ancestor() -> None:
    assert {"moved_prompt", "slot", "warnings"} == OF_ONE_RENDERING
    settings: JsonObject = {"prompt": "a", "slot": [2, 1], "moved_prompt": "7", "warnings": ["x"]}
    record = altered(seeded_record((Round(seed=1, scale=0.5),)), settings=settings)
    assert settings_at(record, 1) == settings
    assert settings_at(record, 0) == {"prompt": "a"}


@pytest.mark.parametrize("rounds", [-1, 2])
def test_an_ancestor_that_is_not_there_is_refused(rounds: int) -> None:
    with pytest.raises(InvalidValueError) as caught:
        settings_at(seeded_record((Round(seed=1, scale=0.5),)), rounds)
    assert str(caught.value) == f"round {rounds} requested, but the picture has 1 (0 is the root)"
