"""Variations and resized seeds, compared with the tools' formulas written plainly with torch, NumPy and loops."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from latentpng.errors import InvalidValueError
from latentpng.foreign.noise.mixing import centred, invokeai_variation, sdnext_variation, web_ui_variation
from tests.support.foreign.textbook import slerp_columns

SHAPE = (4, 24, 16)
Mix: TypeAlias = Callable[[float, np.ndarray, np.ndarray], np.ndarray]


def noise(seed: int, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """Return arbitrary noise."""
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def mean_cosine(low: np.ndarray, high: np.ndarray) -> float:
    """Return the mean cosine of the angles between columns."""
    return float(torch.nn.functional.cosine_similarity(torch.from_numpy(low), torch.from_numpy(high), dim=1).mean())


@pytest.mark.parametrize("strength", [0.0, 0.1, 0.5, 1.0])
def test_the_web_ui_interpolates_each_column(strength: float) -> None:
    low, high = noise(1), noise(2)
    expected = slerp_columns(strength, torch.from_numpy(low), torch.from_numpy(high)).numpy()
    found = web_ui_variation(strength, low, high)
    np.testing.assert_allclose(found, expected, rtol=0, atol=3e-6)
    assert (found.astype(np.float16) != expected.astype(np.float16)).mean() < 0.002


def test_the_web_ui_swaps_the_weights_of_parallel_noise() -> None:
    low = noise(1)
    high = low + np.float32(0.001) * noise(2)
    np.testing.assert_allclose(web_ui_variation(0.25, low, high), low * 0.25 + high * 0.75, rtol=0, atol=1e-6)
    assert np.array_equal(web_ui_variation(0.25, low, low), low)


@pytest.mark.parametrize("mix", [web_ui_variation, sdnext_variation])
def test_parallel_columns_are_refused(mix: Mix) -> None:
    """A picture of 8 rows has columns of one number each, so two columns are parallel or antiparallel."""
    low, high = np.abs(noise(1, (4, 1, 16))), np.abs(noise(2, (4, 1, 16)))
    high[0, 0, 0] *= -1
    refusal = "^the noise of the two seeds has parallel columns, so their slerp is undefined$"
    with pytest.raises(InvalidValueError, match=refusal):
        mix(0.5, low, high)


def test_sdnext_has_three_ways() -> None:
    low = noise(1)
    pairs = [(low, noise(seed)) for seed in range(2, 12)]
    slanted = next(pair for pair in pairs if mean_cosine(*pair) > 0.001)
    square = next(pair for pair in pairs if mean_cosine(*pair) < -0.001)
    parallel = (low, low + np.float32(0.001) * noise(2))
    np.testing.assert_allclose(sdnext_variation(0.25, *slanted), web_ui_variation(0.25, *slanted), rtol=0, atol=1e-6)
    np.testing.assert_allclose(sdnext_variation(0.25, *square), square[0] * 0.75 + square[1] * 0.25, rtol=0, atol=1e-6)
    swapped = parallel[0] * 0.25 + parallel[1] * 0.75
    np.testing.assert_allclose(sdnext_variation(0.25, *parallel), swapped, rtol=0, atol=1e-6)


@pytest.mark.parametrize("strength", [0.0, 0.2, 1.0])
def test_invokeai_interpolates_the_whole_tensor(strength: float) -> None:
    low, high = noise(1), noise(2)
    a, b = low.ravel(), high.ravel()
    angle = np.arccos(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
    expected = (np.sin((1 - strength) * angle) * low + np.sin(strength * angle) * high) / np.sin(angle)
    np.testing.assert_allclose(invokeai_variation(strength, low, high), expected, rtol=0, atol=3e-6)


@pytest.mark.parametrize("sign", [1, -1])
def test_invokeai_mixes_parallel_noise_linearly(sign: int) -> None:
    low = noise(1)
    high = sign * low + np.float32(0.001) * noise(2)
    found = invokeai_variation(0.25, low, high)
    np.testing.assert_allclose(found, 0.75 * low + 0.25 * high, rtol=0, atol=1e-6)


@given(*[st.integers(1, 9)] * 4)
def test_noise_of_a_different_size_is_centred(height: int, width: int, rows: int, cells: int) -> None:
    inner, outer = noise(1, (2, height, width)), noise(2, (2, rows, cells))
    down, right = (rows - height) // 2, (cells - width) // 2  # floor division, so negative halves move outwards
    expected = outer.copy()
    tall, wide = height + 2 * min(down, 0), width + 2 * min(right, 0)
    for y in range(tall):
        for x in range(wide):
            expected[:, max(down, 0) + y, max(right, 0) + x] = inner[:, max(-down, 0) + y, max(-right, 0) + x]
    assert np.array_equal(centred(inner, outer), expected)
