"""Which rounds are one step: a pick by region is, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentpng.record import Lineage, Round, SeedRoot
from latentpng.steps import step_ends

FIRST = Round(seed=9, scale=0.4, of=8, marks=(3,), region="10/00", bands=(1.0, 0.5))
SECOND = replace(FIRST, marks=(5, 1), region="0/1")
THIRD = replace(FIRST, marks=(0,), region="01/00")


def ends(*rounds: Round) -> tuple[int, ...]:
    return step_ends(Lineage(root=SeedRoot(seed=7), rounds=rounds))


def test_rounds_of_one_grid_with_disjoint_regions_are_one_step() -> None:
    before, after = Round(seed=1, scale=0.5), Round(seed=2, scale=0.5)
    assert ends(before, FIRST, SECOND, THIRD, after) == (1, 4, 5)
    assert ends(FIRST, SECOND) == (2,)
    assert ends() == ()


@pytest.mark.parametrize(
    "different",
    [
        {"seed": 10},
        {"of": 4, "marks": (1,)},
        {"scale": 0.2},
        {"bands": ()},
        {"region": ""},
        {"region": "00"},
        {"region": "11/01"},
        {"region": "100/000/000"},
        {"prompt_scale": 0.4},
        {"settings": {"steps": 3}},
    ],
)
def test_what_was_not_picked_from_one_grid_is_a_step_of_its_own(different: dict[str, Any]) -> None:
    assert ends(FIRST, replace(SECOND, **different)) == (1, 2)


def test_each_region_is_disjoint_from_all_regions_of_its_step() -> None:
    again = replace(FIRST, marks=(1,))
    assert ends(FIRST, SECOND, again, replace(THIRD, marks=(2,))) == (2, 4)


@given(
    st.lists(st.sampled_from([FIRST, SECOND, THIRD, replace(FIRST, region=""), replace(SECOND, seed=8)]), max_size=9)
)
def test_every_round_stands_in_one_step(rounds: list[Round]) -> None:
    found = ends(*rounds)
    assert list(found) == sorted(set(found))
    assert found[-1:] == ((len(rounds),) if rounds else ())
    for begin, end in zip((0, *found), found, strict=False):
        assert ends(*rounds[begin:end]) == (end - begin,), "the rounds of a step are a step without those around them"
