"""The keys of lineages: equal exactly for what is the same, in each of the four senses."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentpng.chunk.metadata import metadata_from_json, metadata_to_json, root_to_json, round_to_json
from latentpng.chunk.strict_json import json_text
from latentpng.chunk.validate import round_values
from latentpng.identity import (
    chain_keys,
    child_picture_key,
    noise_rule,
    picture_keys,
    prompt_rule,
    root_rule,
    state_rule,
)
from latentpng.record import LatentRecord, Lineage, Round, SeedRoot, TensorRoot
from tests.support.latentpng.pictures import records

ROUND = Round(seed=3, scale=0.5, of=4, marks=(2, 0), bands=(1.0, 0.5), region="01", prompt_scale=0.25)
CHANGES = (
    {"seed": 4},
    {"scale": 0.25},
    {"of": 5},
    {"marks": (0, 2)},
    {"bands": (1.0, 0.25)},
    {"region": "10"},
    {"prompt_scale": 0.5},
    {"settings": {"steps": 4}},
    {"extra": {"x": 1}},
)


@pytest.mark.parametrize(
    ("rule", "counts"),
    [
        (noise_rule, {"seed", "scale", "of", "marks", "bands", "region"}),
        (prompt_rule, {"seed", "of", "marks", "prompt_scale"}),
        (state_rule, {"seed", "scale", "of", "marks", "bands", "region", "prompt_scale"}),
    ],
)
def test_each_rule_has_what_decides_and_nothing_else(rule: object, counts: set[str]) -> None:
    assert callable(rule)
    for change in CHANGES:
        (key,) = change
        other = replace(ROUND, **change)
        assert (rule(ROUND.seed, ROUND) != rule(other.seed, other)) == (key in counts), key


def test_all_of_a_round_but_what_it_replaced_counts_for_its_picture() -> None:
    keys = {child_picture_key(b"", replace(ROUND, **change)) for change in CHANGES}
    assert len(keys | {child_picture_key(b"", ROUND)}) == len(CHANGES) + 1
    assert child_picture_key(b"", replace(ROUND, before={"steps": 4})) == child_picture_key(b"", ROUND)


def test_all_of_a_root_counts_for_its_picture() -> None:
    roots = (
        SeedRoot(seed=1),
        SeedRoot(seed=2),
        SeedRoot(seed=1, extra={"x": 1}),
        TensorRoot(),
        TensorRoot(source={"note": "x"}),
        TensorRoot(extra={"x": 1}),
    )
    assert len({picture_keys(Lineage(root=root)) for root in roots}) == len(roots)


@given(records(), records())
def test_pictures_have_one_key_when_their_files_say_the_same(one: LatentRecord, other: LatentRecord) -> None:
    def said(lineage: Lineage) -> str:
        rounds = [replace(round_, before={}) for round_ in lineage.rounds]
        return json_text([root_to_json(lineage.root), *map(round_to_json, rounds)])

    for left in (one.lineage, one.lineage.ancestor(0)):
        for right in (one.lineage, other.lineage, other.lineage.ancestor(0)):
            assert (picture_keys(left)[-1] == picture_keys(right)[-1]) == (said(left) == said(right))


@given(records())
def test_a_lineage_has_the_keys_of_its_ancestors_and_a_file_those_of_its_values(record: LatentRecord) -> None:
    keys = picture_keys(record.lineage)
    for rounds in range(len(record.lineage.rounds)):
        assert picture_keys(record.lineage.ancestor(rounds)) == keys[: rounds + 1]
        assert child_picture_key(keys[rounds], record.lineage.rounds[rounds]) == keys[rounds + 1]
    again = metadata_from_json(metadata_to_json(record.metadata), len(record.axes))
    assert picture_keys(again.lineage) == keys
    for round_ in record.lineage.rounds:
        entries = round_to_json(round_)
        assert state_rule(str(round_.seed), round_values(entries)) == state_rule(round_.seed, round_)


@given(st.permutations(["a", "b", "c"]))
def test_the_order_of_keys_in_settings_does_not_count(order: list[str]) -> None:
    settings = {key: {"x": key} for key in order}
    expected = child_picture_key(b"", replace(ROUND, settings={key: {"x": key} for key in "abc"}))
    assert child_picture_key(b"", replace(ROUND, settings=settings)) == expected


def test_minus_zero_is_zero_as_in_the_file() -> None:
    still = Round(seed=3, scale=-0.0, bands=(-0.0, 1.0), prompt_scale=-0.0)
    assert state_rule(3, still) == state_rule(3, Round(seed=3, scale=0.0, bands=(0.0, 1.0)))
    assert repr(state_rule(3, still)) == repr(state_rule(3, Round(seed=3, scale=0.0, bands=(0.0, 1.0))))


def test_a_key_is_the_same_on_every_machine() -> None:
    """`tree --json` prints the keys of states as names, so they may never change."""
    rounds = (ROUND, replace(ROUND, prompt_scale=0.0))
    rules = [root_rule("7", "", (2, 8, 8), "CHW"), *(state_rule(round_.seed, round_) for round_ in rounds)]
    assert rules == [
        ("7", "", (2, 8, 8), "CHW"),
        ("3", 0.5, 4, (2, 0), (1.0, 0.5), "01", 0.25),
        ("3", 0.5, 4, (2, 0), (1.0, 0.5), "01"),
    ]
    assert [key.hex()[:16] for key in chain_keys(rules)] == ["d4922cb278aadacc", "7eed5b2567b3e130", "bec31babaefbf84f"]
