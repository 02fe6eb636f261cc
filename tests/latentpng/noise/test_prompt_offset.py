"""The prompt's offset: replayed like the noise, from a root of zeros, and never noise itself."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentpng.chunk.metadata import round_to_json
from latentpng.errors import InvalidValueError, NewerVersionError
from latentpng.noise.gauss1 import gauss1
from latentpng.noise.prompt_offset import prompt_offset
from latentpng.noise.replay import digest, replay
from latentpng.record import Lineage, Round, SeedRoot
from tests.support.latentpng import independent
from tests.support.latentpng.pictures import rounds

ROOT = Lineage(root=SeedRoot(seed=7))
MANY = 40_000


def lineage_of(*steps: Round) -> Lineage:
    return Lineage(root=SeedRoot(seed=7), rounds=steps)


@given(st.lists(rounds((2, 8, 8), "CHW"), max_size=3), st.integers(0, 3))
def test_the_independent_replay_agrees(steps: list[Round], embedding: int) -> None:
    plain = independent.prompt_offset([dict(round_to_json(step)) for step in steps], embedding, 21)
    found = prompt_offset(lineage_of(*steps), embedding, 21)
    assert digest(found) == independent.sha256(plain)


@given(st.lists(rounds((2, 8, 8), "CHW"), max_size=2))
def test_the_noise_does_not_depend_on_it(steps: list[Round]) -> None:
    without = [Round(seed=s.seed, scale=s.scale, of=s.of, marks=s.marks, bands=s.bands, region=s.region) for s in steps]
    one, other = (replay(lineage_of(*chain), (2, 8, 8), "CHW") for chain in (steps, without))
    np.testing.assert_array_equal(one, other)


def test_nothing_moves_without_a_round_that_says_so() -> None:
    offset = prompt_offset(lineage_of(Round(seed=1, scale=0.5, of=4, marks=(2,))), 0, 12)
    assert not offset.any()
    assert (str(offset.dtype), offset.shape, offset.flags.writeable) == ("float16", (12,), False)


def test_one_round_is_its_scale_times_noise_that_the_picture_does_not_use() -> None:
    step = Round(seed=5, scale=0.5, prompt_scale=0.25)
    expected = (0.25 * gauss1(5, 3 * 2**32, 30).astype(np.float64)).astype(np.float32).astype(np.float16)
    np.testing.assert_array_equal(prompt_offset(lineage_of(step), 2, 30), expected)
    assert abs(np.corrcoef(gauss1(5, 0, MANY), gauss1(5, 2**32, MANY))[0, 1]) < 0.03


def test_the_variance_grows_to_1_and_stays_there() -> None:
    steps = [Round(seed=seed, scale=0.0, of=8, marks=(3,), prompt_scale=0.5) for seed in range(40)]
    for count, kept in ((1, 0.75), (2, 0.75**2), (40, 0.0)):
        offset = prompt_offset(lineage_of(*steps[:count]), 0, MANY).astype(np.float64)
        assert float(offset.std()) == pytest.approx(math.sqrt(1.0 - kept), rel=0.02)


def test_a_longer_embedding_begins_like_a_shorter_one() -> None:
    step = Round(seed=5, scale=0.0, of=3, marks=(2, 0), prompt_scale=1.0)
    longer, shorter = (prompt_offset(lineage_of(step), 0, count) for count in (999, 100))
    np.testing.assert_array_equal(longer[:100], shorter)


def test_replay_reports_its_progress() -> None:
    steps = [Round(seed=90 + seed, scale=0.0, prompt_scale=0.5) for seed in range(3)]
    told: list[tuple[int, int]] = []
    prompt_offset(lineage_of(*steps), 0, 11, lambda done, of: told.append((done, of)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_what_takes_too_long_or_is_newer_is_refused() -> None:
    step = Round(seed=1, scale=0.0, of=64, prompt_scale=0.5)
    with pytest.raises(InvalidValueError) as caught:
        prompt_offset(lineage_of(step, step), 0, 2**25)
    assert str(caught.value) == "at most 2147483648 values in all rounds that move the prompt, found 4294967296"
    with pytest.raises(InvalidValueError) as caught:
        prompt_offset(ROOT, 64, 3)
    assert str(caught.value) == "a prompt has at most 64 embeddings, found number 64"
    with pytest.raises(NewerVersionError) as newer:
        prompt_offset(Lineage(root=SeedRoot(seed=7), noise="gauss2"), 0, 3)
    assert str(newer.value) == "only the noise generator 'gauss1' is supported, found 'gauss2'"
