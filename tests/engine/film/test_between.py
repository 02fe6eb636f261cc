"""Pictures between a parent and its child: at 0 the parent's bits, at 1 the child's, and even steps between."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.film.between import lineage_at, round_at
from engine.search.bands import Bands, factors_of
from latentpng.noise.prompt_offset import prompt_offset
from latentpng.noise.replay import replay
from latentpng.record import Lineage, Round, SeedRoot

SHAPE, AXES, OCTAVES = (4, 32, 32), "CHW", 4
PARTS = tuple(number / 8 for number in range(9))


@st.composite
def rounds(draw: st.DrawFn) -> Round:
    """Return a round that moves the noise, the prompt, or both, with or without bands and region."""
    of = draw(st.integers(1, 8))
    scale = draw(st.floats(0.05, 1.0))
    most = 1.0 / scale
    return Round(
        seed=draw(st.integers(10, 2**64 - 1)),  # those of the ancestors would not be independent noise
        scale=scale,
        of=of,
        marks=(draw(st.integers(0, of - 1)),),
        bands=draw(st.sampled_from([(), *(factors_of(bands, OCTAVES) for bands in (Bands.TILT, Bands.DETAIL))]))
        or draw(st.sampled_from([(), (most, 0.0, 0.3 * most, 1.0)])),
        region=draw(st.sampled_from(["", "10/00", "01"])),
        prompt_scale=draw(st.sampled_from([0.0, 0.4, 1.0])),
    )


def lineage(*more: Round) -> Lineage:
    """Return a lineage with two earlier rounds and `more`."""
    return Lineage(root=SeedRoot(seed=1), rounds=(Round(seed=2, scale=0.5), Round(seed=3, scale=0.3), *more))


@settings(deadline=None, max_examples=40)
@given(rounds())
def test_the_ends_are_the_parent_and_the_child_to_the_bit(round_: Round) -> None:
    whole = lineage(round_)
    assert lineage_at(whole, 2, 3, 0.0) == whole.ancestor(2)
    assert lineage_at(whole, 2, 3, 1.0) == whole
    nowhere = whole.ancestor(2).child(round_at(round_, 0.0))  # also as a round, not only by leaving it out
    assert np.array_equal(replay(nowhere, SHAPE, AXES), replay(whole.ancestor(2), SHAPE, AXES))


@settings(deadline=None, max_examples=40)
@given(rounds())
def test_the_noise_between_has_unit_variance_and_leaves_the_parent_for_the_child(round_: Round) -> None:
    whole = lineage(round_)
    noises = [replay(lineage_at(whole, 2, 3, part), SHAPE, AXES).astype(np.float64) for part in PARTS]
    assert all(abs(noise.std() - 1.0) < 0.06 for noise in noises)
    gone = [np.linalg.norm(noise - noises[0]) for noise in noises]
    ahead = [np.linalg.norm(noise - noises[-1]) for noise in noises]
    assert gone == sorted(gone)
    assert ahead == sorted(ahead, reverse=True)


@settings(deadline=None)
@given(rounds(), st.sampled_from(PARTS[1:-1]))
def test_every_octave_and_the_prompt_turn_by_the_part_of_their_own_angle(round_: Round, part: float) -> None:
    between = round_at(round_, part)
    for before, after in zip(round_.bands or (1.0,), between.bands or (1.0,), strict=True):
        whole = math.asin(min(1.0, round_.scale * before))
        assert math.asin(between.scale * after) == pytest.approx(part * whole, abs=1e-7)
    assert math.asin(between.prompt_scale) == pytest.approx(part * math.asin(round_.prompt_scale), abs=1e-7)
    same = ("seed", "of", "marks", "region", "settings", "extra")
    assert all(getattr(between, name) == getattr(round_, name) for name in same)


def test_a_round_between_needs_no_new_rule_of_the_format() -> None:
    """Scale 1 with a band of 1 is the edge: rounding may not push a product over 1."""
    for part in np.linspace(0.0, 1.0, 997):
        round_at(Round(seed=1, scale=1.0, bands=(1.0, 1.0, 0.999999999)), float(part))
        round_at(Round(seed=1, scale=0.3, bands=(1.0 / 0.3, 0.1)), float(part))


def test_the_regions_of_one_pick_move_together() -> None:
    left = Round(seed=5, scale=0.4, of=4, marks=(0,), region="10")
    right = Round(seed=5, scale=0.4, of=4, marks=(2,), region="01")
    whole = lineage(left, right)
    half = lineage_at(whole, 2, 4, 0.5)
    assert half.rounds[2:] == (round_at(left, 0.5), round_at(right, 0.5))
    noise, parent = replay(half, SHAPE, AXES), replay(whole.ancestor(2), SHAPE, AXES)
    alone = replay(whole.ancestor(2).child(round_at(right, 0.5)), SHAPE, AXES)
    assert not np.array_equal(noise[..., :16], parent[..., :16])
    assert np.array_equal(noise[..., 16:], alone[..., 16:])


def test_the_prompt_moves_evenly_too() -> None:
    whole = lineage(Round(seed=5, scale=0.0, prompt_scale=0.8, of=4, marks=(1,)))
    offsets = [prompt_offset(lineage_at(whole, 2, 3, part), 0, 4096).astype(np.float64) for part in PARTS]
    norms = [float(np.sqrt(np.mean(offset**2))) for offset in offsets]
    expected = [math.sin(part * math.asin(0.8)) for part in PARTS]
    assert norms == pytest.approx(expected, abs=0.03)
