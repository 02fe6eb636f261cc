"""The laws of the fit of difference against scale, and of the floor that follows from it."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.search.axis import MIN_SCALE, Axis
from engine.search.bands import Bands
from engine.search.perceptual import (
    MAX_FLOOR,
    VISIBLE,
    WINDOW,
    Observation,
    ScaleFit,
    ScaleLaw,
    Variation,
    fitted,
    usual_offset,
)

ALL: Variation = (Axis.NOISE, Bands.ALL)
TILT: Variation = (Axis.NOISE, Bands.TILT)
VARIATIONS = [*itertools.product(Axis, Bands)]
SCALES = (0.7, 0.35, 0.18, 0.09, 0.05)

scales = st.floats(0.005, 1.0)
laws = st.builds(ScaleLaw, amplitude=st.floats(0.01, 0.6), exponent=st.floats(0.45, 1.15))
observations = st.builds(
    Observation, variation=st.sampled_from(VARIATIONS), scale=scales, difference=st.floats(0.0, 1.0)
)


def seen(law: ScaleLaw, *scales: float, variation: Variation = ALL) -> tuple[Observation, ...]:
    """Return grids that follow a law exactly."""
    return tuple(Observation(variation=variation, scale=scale, difference=law.difference(scale)) for scale in scales)


@given(laws, scales, scales)
def test_a_law_grows_and_can_be_read_backwards(law: ScaleLaw, one: float, other: float) -> None:
    assert (one < other) <= (law.difference(one) <= law.difference(other))
    assert law.scale_at(law.difference(one)) == pytest.approx(one)


@given(laws, scales, st.floats(0.1, 10.0))
def test_a_factor_multiplies_the_difference(law: ScaleLaw, scale: float, times: float) -> None:
    assert law.difference(scale * law.factor(times)) == pytest.approx(times * law.difference(scale))


def test_three_fine_steps_are_one_step() -> None:
    law = ScaleLaw(exponent=0.8)
    assert law.factor(2.0 ** (1.0 / 3.0)) ** 3 == pytest.approx(law.factor(2.0))
    assert law.factor(0.5) == pytest.approx(0.5**1.25)


@given(laws)
def test_below_the_floor_nothing_is_seen(law: ScaleLaw) -> None:
    assert MIN_SCALE <= law.floor <= MAX_FLOOR
    if MIN_SCALE < law.floor < MAX_FLOOR:
        assert law.difference(law.floor) == pytest.approx(VISIBLE)


def test_before_any_grid_the_fit_is_that_of_the_model_that_ships() -> None:
    assert ScaleFit() == fitted(())
    assert ScaleFit().law(ALL).difference(0.5) == pytest.approx(ScaleLaw().difference(0.5))
    assert 0.02 < ScaleFit().law(ALL).floor < 0.03


@given(st.lists(observations, max_size=40))
def test_whatever_was_seen_the_laws_grow_and_are_finite(grids: list[Observation]) -> None:
    fit = ScaleFit()
    for grid in grids:
        fit = fit.observed(grid)
    assert len(fit.observations) == min(WINDOW, len(grids))
    for variation in VARIATIONS:
        law = fit.law(variation)
        assert 0.4 <= law.exponent <= 1.2
        assert 0.0 < law.amplitude < math.inf
        assert MIN_SCALE <= law.floor <= MAX_FLOOR


@given(laws)
def test_a_power_law_is_found_again(law: ScaleLaw) -> None:
    found = fitted(seen(law, *SCALES * 4)).law(ALL)
    assert found.exponent == pytest.approx(law.exponent, abs=0.12)
    for scale in SCALES:
        assert found.difference(scale) == pytest.approx(law.difference(scale), rel=0.15)


@given(st.permutations(seen(ScaleLaw(amplitude=0.2, exponent=0.9), *SCALES)))
def test_the_order_of_grids_does_not_matter(grids: list[Observation]) -> None:
    found, expected = fitted(tuple(grids)), fitted(seen(ScaleLaw(amplitude=0.2, exponent=0.9), *SCALES))
    assert found.law(ALL).amplitude == pytest.approx(expected.law(ALL).amplitude)
    assert found.exponent == pytest.approx(expected.exponent)


def test_the_first_grid_counts_already() -> None:
    law = ScaleLaw(amplitude=0.03)
    first = fitted(seen(law, 0.5)).law(ALL)
    assert first.difference(0.5) == pytest.approx(law.difference(0.5), rel=0.25)
    assert first.exponent == pytest.approx(ScaleLaw().exponent, abs=0.12)


@given(st.sampled_from([0.001, 0.01, 0.3, 0.9]), st.integers(0, 5))
def test_one_odd_grid_does_not_move_the_law_far(difference: float, place: int) -> None:
    usual = seen(ScaleLaw(), *SCALES)
    odd = Observation(variation=ALL, scale=0.3, difference=difference)
    law = fitted((*usual[:place], odd, *usual[place:])).law(ALL)
    for scale in SCALES:
        assert law.difference(scale) == pytest.approx(ScaleLaw().difference(scale), rel=0.3)


def test_what_else_varies_has_an_amplitude_of_its_own_and_shares_the_exponent() -> None:
    weak, strong = ScaleLaw(amplitude=0.05, exponent=0.9), ScaleLaw(amplitude=0.15, exponent=0.9)
    fit = fitted((*seen(strong, *SCALES * 2), *seen(weak, *SCALES * 2, variation=TILT)))
    assert fit.law(ALL).difference(0.3) == pytest.approx(strong.difference(0.3), rel=0.1)
    assert fit.law(TILT).difference(0.3) == pytest.approx(weak.difference(0.3), rel=0.1)
    assert fit.law(ALL).exponent == fit.law(TILT).exponent


def test_what_never_varied_yet_follows_what_did() -> None:
    before = ScaleFit().law(TILT)
    after = fitted(seen(ScaleLaw(amplitude=0.0145), *SCALES)).law(TILT)
    assert after.amplitude < before.amplitude / 4
    assert before.amplitude == pytest.approx(ScaleLaw().amplitude * math.exp(usual_offset(TILT)))


def test_the_newest_grids_replace_the_oldest() -> None:
    fit = fitted(seen(ScaleLaw(amplitude=0.4), *[0.5] * WINDOW))
    for grid in seen(ScaleLaw(amplitude=0.04), *[0.5] * WINDOW):
        fit = fit.observed(grid)
    assert fit == fitted(seen(ScaleLaw(amplitude=0.04), *[0.5] * WINDOW))
