"""The algebra: the properties that every round keeps, and the bits of its result."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from latentpng.errors import InvalidValueError, NewerVersionError
from latentpng.noise import haar, perturbation
from latentpng.noise.cache import ArrayCache
from latentpng.noise.perturbation import perturb
from latentpng.noise.replay import (
    ancestor_noise,
    digest,
    initial_noise,
    record_of,
    replay,
    root_noise,
)
from latentpng.record import Lineage, Round, SeedRoot, TensorRoot, check_rounds
from latentpng.shapes import octaves
from tests.support.latentpng import independent
from tests.support.latentpng.pictures import SHAPES, rounds, tensor_record

BIG = (4, 64, 64)


@st.composite
def fitting(draw: st.DrawFn) -> tuple[tuple[int, ...], str, Round]:
    shape, axes = draw(st.sampled_from(SHAPES))
    return shape, axes, draw(rounds(shape, axes))


@given(fitting())
@settings(max_examples=60, deadline=None)
def test_the_independent_replay_agrees_on_a_round(case: tuple[tuple[int, ...], str, Round]) -> None:
    shape, axes, round_ = case
    state = root_noise(11, shape)
    entry = {"seed": str(round_.seed), "of": round_.of, "marks": list(round_.marks), "scale": round_.scale}
    entry |= {"bands": list(round_.bands)} if round_.bands else {}
    entry |= {"region": round_.region} if round_.region else {}
    region_fits = not round_.region or all(
        side >= cells
        for side, cells in zip(
            (shape[axes.index("H")], shape[axes.index("W")]),
            (round_.region.count("/") + 1, len(round_.region.split("/")[0])),
            strict=True,
        )
    )
    if not region_fits:
        with pytest.raises(InvalidValueError):
            perturb(state, round_, axes)
        return
    expected = independent.play(state.ravel().tolist(), entry, shape, axes)
    assert digest(perturb(state, round_, axes)) == independent.sha256(expected)


@pytest.mark.parametrize("bands", [(), (1.0, 0.5, 0.0, 0.2, 1.0)])
def test_scale_0_gives_back_the_parent(bands: tuple[float, ...]) -> None:
    state = root_noise(1, BIG)
    state[0, 0, 0] = -0.0
    child = perturb(state, Round(seed=2, scale=0.0, of=4, marks=(1, 2), bands=bands), "CHW")
    assert child.tobytes() == state.tobytes()
    assert child is not state


def test_bands_that_are_all_0_give_back_the_parent() -> None:
    state = root_noise(1, BIG)
    child = perturb(state, Round(seed=2, scale=1.0, bands=(0.0,) * 5), "CHW")
    assert child.tobytes() == state.tobytes()


@pytest.mark.parametrize(
    ("marks", "of", "bands"),
    [
        ((0,), 1, ()),
        ((3,), 8, ()),
        ((1, 4, 6), 8, ()),
        ((2, 0), 3, (1.0, 0.8, 0.6, 0.4, 0.2)),
        ((1,), 2, (0.0, 0.0, 0.0, 1.0, 1.0)),
    ],
)
def test_variance_stays_1_for_ever(marks: tuple[int, ...], of: int, bands: tuple[float, ...]) -> None:
    steps = tuple(Round(seed=seed, scale=0.6, of=of, marks=marks, bands=bands) for seed in range(30))
    noise = replay(Lineage(root=SeedRoot(seed=9), rounds=steps), BIG, "CHW").astype(np.float64)
    assert abs(noise.mean()) < 0.03
    assert abs(noise.std() - 1) < 0.03


def test_noise_stays_white_in_every_octave() -> None:
    steps = tuple(Round(seed=seed, scale=0.9, of=2, bands=(1.0, 0.0, 1.0, 0.0, 1.0)) for seed in range(5))
    plane = replay(Lineage(root=SeedRoot(seed=9), rounds=steps), (16, 64, 64), "CHW").astype(np.float64)
    while plane.shape[-1] > 4:
        plane, details = haar.split(plane)
        for detail in details[:3]:
            assert abs(detail.std() - 1) < 6 / np.sqrt(2 * detail.size)


def test_bands_move_only_their_octave() -> None:
    state = root_noise(5, BIG)
    child = perturb(state, Round(seed=6, scale=0.8, bands=(0.0, 0.0, 0.0, 0.0, 1.0)), "CHW")
    coarse, _ = haar.split(state.astype(np.float64))
    moved, _ = haar.split(child.astype(np.float64))
    assert np.abs(coarse - moved).max() < 0.01
    assert np.abs(state - child).max() > 1


def test_equal_bands_are_one_scale_but_for_rounding() -> None:
    state = root_noise(5, BIG)
    with_bands = perturb(state, Round(seed=6, scale=0.8, of=3, bands=(1.0,) * 5), "CHW")
    without = perturb(state, Round(seed=6, scale=0.8, of=3), "CHW")
    assert np.abs(with_bands - without).max() < 0.005


def test_region_keeps_the_rest_bit_for_bit() -> None:
    state = root_noise(5, BIG)
    child = perturb(state, Round(seed=6, scale=1.0, region="01/00"), "CHW")
    same = child == state
    assert same[:, 32:].all()
    assert same[:, :32, :32].all()
    assert (~same[:, :32, 32:]).mean() > 0.99


def candidates_of(state: NDArray[np.float16], round_: Round) -> list[NDArray[np.float16]]:
    """Return the states of all candidates of a round, each marked alone."""
    return [perturb(state, replace(round_, marks=(mark,)), "CHW") for mark in range(round_.of)]


def test_the_candidates_of_a_round_sum_to_zero() -> None:
    states = candidates_of(np.zeros(BIG, np.float16), Round(seed=6, scale=1.0, of=8))
    assert np.abs(np.sum(states, axis=0, dtype=np.float64)).max() < 0.02
    spread = np.stack(states).astype(np.float64)
    assert abs(np.corrcoef(spread[0].ravel(), spread[1].ravel())[0, 1] + 1 / 7) < 0.03


def test_a_blend_lies_between_its_marks() -> None:
    zero = np.zeros(BIG, np.float16)
    blend = perturb(zero, Round(seed=6, scale=1.0, of=8, marks=(2, 5)), "CHW").astype(np.float64).ravel()
    states = candidates_of(zero, Round(seed=6, scale=1.0, of=8))
    correlations = [np.corrcoef(blend, state.astype(np.float64).ravel())[0, 1] for state in states]
    assert min(correlations[2], correlations[5]) > 0.6
    assert max(correlations[index] for index in (0, 1, 3, 4, 6, 7)) < 0


def test_replay_is_the_rounds_one_after_the_other() -> None:
    steps = (Round(seed=1, scale=0.5, of=4, marks=(3, 1)), Round(seed=2, scale=0.25, region="10"))
    state = root_noise(3, BIG)
    for step in steps:
        state = perturb(state, step, "CHW")
    assert digest(replay(Lineage(root=SeedRoot(seed=3), rounds=steps), BIG, "CHW")) == digest(state)


def test_an_empty_cache_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = tuple(Round(seed=seed, scale=0.5, of=4, marks=(3, 1)) for seed in range(4))
    family = Lineage(root=SeedRoot(seed=3), rounds=steps)
    remembered = [digest(replay(family.ancestor(number), BIG, "CHW")) for number in range(5)]
    monkeypatch.setattr("latentpng.noise.replay._STATES", ArrayCache(0))
    monkeypatch.setattr(perturbation, "_DRAWS", ArrayCache(0))
    assert [digest(replay(family.ancestor(number), BIG, "CHW")) for number in range(5)] == remembered


@pytest.mark.parametrize("marks", [(3,), (3, 1)])
def test_noise_too_large_for_the_cache_has_the_same_bits(
    monkeypatch: pytest.MonkeyPatch, marks: tuple[int, ...]
) -> None:
    step = Round(seed=5, scale=0.5, of=4, marks=marks)
    kept = perturb(root_noise(3, BIG), step, "CHW")
    monkeypatch.setattr(perturbation, "_DRAWS", ArrayCache(32 * 2**20))
    monkeypatch.setattr(perturbation, "_MAX_CACHED", 0)
    assert digest(perturb(root_noise(3, BIG), step, "CHW")) == digest(kept)


def test_many_candidates_of_little_noise_cost_little() -> None:
    steps = tuple(Round(seed=seed, scale=0.5, of=64, marks=tuple(range(63))) for seed in range(128))
    start = time.process_time()  # of this process alone, whatever else the machine does
    replay(Lineage(root=SeedRoot(seed=91), rounds=steps), (1,), "L")
    assert time.process_time() - start < 1.0


def test_replay_reports_its_progress() -> None:
    heard: list[tuple[int, int]] = []
    steps = tuple(Round(seed=seed, scale=0.5) for seed in range(3))
    replay(Lineage(root=SeedRoot(seed=92), rounds=steps), (5,), "L", on_progress=lambda *far: heard.append(far))
    assert heard == [(1, 3), (2, 3), (3, 3)]


def test_the_cache_stays_within_its_bytes() -> None:
    cache = ArrayCache(100)
    arrays = [cache.get(number, lambda: np.zeros(40, np.uint8)) for number in range(5)]
    assert not arrays[0].flags.writeable
    assert [cache.find(number) is not None for number in range(5)] == [False, False, False, True, True]
    assert cache.keep("long", np.zeros(101, np.uint8)).size == 101
    assert cache.find("long") is None


def test_small_arrays_do_not_pile_up() -> None:
    cache = ArrayCache(10**6, max_arrays=3)
    for number in range(5):
        cache.get(number, lambda: np.zeros(1, np.uint8))
    cache.find(2)
    cache.get(5, lambda: np.zeros(1, np.uint8))
    assert [cache.find(number) is not None for number in range(6)] == [False, False, True, False, True, True]


def test_returned_noise_is_read_only() -> None:
    noise = replay(Lineage(root=SeedRoot(seed=3)), BIG, "CHW")
    with pytest.raises(ValueError, match="read-only"):
        noise[0, 0, 0] = 0


def test_ancestors_of_a_tensor_root_start_at_the_stored_noise() -> None:
    record = tensor_record()
    assert digest(ancestor_noise(record, 0)) == digest(record.tensor)
    assert digest(initial_noise(record)) == record.node == digest(ancestor_noise(record, 1))
    with pytest.raises(InvalidValueError, match=r"^round 2 requested, but the picture has 1 \(0 is the root\)$"):
        ancestor_noise(record, 2)


def test_shapes_have_this_many_octaves() -> None:
    cases = {(4, 64, 64): 5, (16, 128, 128): 6, (4, 16, 16): 3, (4, 4, 400): 1, (4, 5, 9): 2, (1, 1, 1): 1}
    assert {shape: octaves(shape, "CHW") for shape in cases} == cases
    assert octaves((64, 64), "LC") == 0


@given(st.integers(1, 12), st.integers(1, 12))
@settings(deadline=None)
def test_joining_what_was_split_gives_it_back(height: int, width: int) -> None:
    plane = np.random.default_rng(height * 13 + width).normal(size=(2, height, width))
    coarse, details = haar.split(plane)
    assert np.allclose(haar.join(coarse, details), plane, atol=1e-12)
    energy = (coarse**2).sum() + sum((detail**2).sum() for detail in details)
    assert np.isclose(energy, (plane**2).sum())


def test_another_generator_needs_a_newer_version() -> None:
    with pytest.raises(NewerVersionError, match=r"^only the noise generator 'gauss1' is supported, found 'gauss2'$"):
        replay(Lineage(root=SeedRoot(seed=3), noise="gauss2"), BIG, "CHW")


@pytest.mark.parametrize(
    ("round_", "axes", "message"),
    [
        (Round(seed=1, scale=0.1, bands=(1.0,)), "CHW", "5 bands needed for [4, 64, 64] CHW, found 1"),
        (Round(seed=1, scale=0.1, bands=(1.0,)), "ABC", "0 bands needed for [4, 64, 64] ABC, found 1"),
        (
            Round(seed=1, scale=0.1, region="1"),
            "A1C",
            "a region has at most 0 x 0 cells for [4, 64, 64] A1C, found 1 x 1",
        ),
        (Round(seed=1, scale=0.1), "CWH", "axes have one H before one W, or neither, found 'CWH'"),
        (Round(seed=1, scale=0.1), "HW", "axes name each of the 3 dimensions by a capital letter or 1, found 'HW'"),
    ],
)
def test_rounds_that_do_not_fit_are_refused(round_: Round, axes: str, message: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        perturb(root_noise(1, BIG), round_, axes)
    assert str(caught.value) == message
    with pytest.raises(InvalidValueError) as caught:
        replay(Lineage(root=SeedRoot(seed=1), rounds=(round_,)), BIG, axes)
    assert str(caught.value) == message


def test_replay_that_would_take_days_is_refused() -> None:
    steps = tuple(Round(seed=seed, scale=0.1, of=64) for seed in range(4096))
    with pytest.raises(InvalidValueError, match=r"^at most 2147483648 noise values in all rounds, found 5242880000: "):
        replay(Lineage(root=SeedRoot(seed=1), rounds=steps), (20000,), "L")


def test_the_limit_of_work_leaves_a_long_search_and_counts_rounds_of_few_candidates() -> None:
    longest = tuple(Round(seed=seed, scale=0.1, of=8) for seed in range(4096))
    check_rounds(Lineage(root=SeedRoot(seed=1), rounds=longest), (4, 128, 128), "CHW")
    alone = tuple(Round(seed=seed, scale=0.1) for seed in range(129))
    check_rounds(Lineage(root=SeedRoot(seed=1), rounds=alone[1:]), (2**21,), "L")
    with pytest.raises(InvalidValueError, match=r"^at most 2147483648 noise values in all rounds, found 2164260864: "):
        check_rounds(Lineage(root=SeedRoot(seed=1), rounds=alone), (2**21,), "L")


def test_a_tensor_root_needs_its_tensor() -> None:
    family = Lineage(root=TensorRoot())
    with pytest.raises(InvalidValueError, match=r"^a lineage with a tensor root needs the tensor, found none$"):
        replay(family, BIG, "CHW")
    with pytest.raises(InvalidValueError, match=r"^a lineage with a tensor root needs the tensor, found none$"):
        record_of(family, root_noise(1, BIG), axes="CHW")
    with pytest.raises(InvalidValueError, match=r"^root noise of shape \[4, 64, 64\] needed, found \[4\]$"):
        replay(family, BIG, "CHW", root_noise(1, (4,)))


def test_a_root_that_is_not_noise_ends_in_one_sentence() -> None:
    spikes = np.full((8, 8), -65504, np.float16)
    spikes[::2, ::2] = 65504
    with pytest.raises(InvalidValueError) as caught:
        perturb(spikes, Round(seed=1, scale=1.0, bands=(1.0, 0.0)), "HW")
    assert str(caught.value) == "the noise exceeds the range of float16: its root is not noise of unit variance"
