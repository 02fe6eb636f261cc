"""How good noise is that was found for a photograph."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.photos.quality import noise_statistics, psnr, warning_of
from latentpng.noise.gauss1 import gauss1

Noise: TypeAlias = NDArray[np.floating]

SHAPE = (4, 64, 64)
TRUE = gauss1(7, 0, math.prod(SHAPE)).reshape(SHAPE)


def blurred(noise: Noise) -> Noise:
    """Noise whose neighbours are alike."""
    moved: Noise = np.roll(noise, 1, axis=-1)
    return (noise + moved) / math.sqrt(2.0)


def test_true_noise_has_unit_variance_in_every_octave() -> None:
    found = noise_statistics(TRUE, "CHW")
    assert found.std == pytest.approx(1.0, abs=0.02)
    assert len(found.octave_std) == 5
    assert found.octave_values == (4 * 16, 4 * 48, 4 * 192, 4 * 768, 4 * 3072)
    assert all(
        abs(std - 1.0) < 4.0 / math.sqrt(2.0 * n) for std, n in zip(found.octave_std, found.octave_values, strict=True)
    )
    assert found.kurtosis == pytest.approx(0.0, abs=0.2)
    assert found.lag1 == pytest.approx(0.0, abs=0.02)
    assert warning_of(found) == ""


def test_the_variance_of_an_orthonormal_basis_is_that_of_the_noise() -> None:
    odd = TRUE[:, :37, :23]
    found = noise_statistics(odd, "CHW")
    total = sum(std**2 * count for std, count in zip(found.octave_std, found.octave_values, strict=True))
    assert total == pytest.approx(float((odd.astype(np.float64) ** 2).sum()))
    assert sum(found.octave_values) == odd.size


def test_the_spatial_axes_may_stand_first() -> None:
    assert noise_statistics(np.moveaxis(TRUE, 0, -1), "HWC").octave_std == noise_statistics(TRUE, "CHW").octave_std


def test_noise_without_spatial_axes_has_no_octaves() -> None:
    found = noise_statistics(TRUE.reshape(-1), "L")
    assert (found.octave_std, found.octave_values, found.lag1) == ((), (), 0.0)
    assert warning_of(found) == ""


def test_a_coarse_octave_that_is_too_strong_is_reported() -> None:
    layout = np.kron(gauss1(8, 0, 4 * 16 * 16).reshape(4, 16, 16), np.ones((4, 4)))
    sentence = warning_of(noise_statistics(TRUE + layout, "CHW"))
    assert sentence.startswith("variations may fall apart, because the noise is not Gaussian (octaves 4.")
    assert " instead of 1, " in sentence


def test_alike_neighbours_are_reported() -> None:
    found = noise_statistics(blurred(TRUE), "CHW")
    assert found.lag1 == pytest.approx(0.25, abs=0.02)  # half of a half: only one of the two directions is blurred
    assert "neighbours correlate by 0.2" in warning_of(found)


def test_heavy_tails_are_reported() -> None:
    heavy = np.sign(TRUE) * np.abs(TRUE) ** 2 / math.sqrt(3.0)
    assert "kurtosis " in warning_of(noise_statistics(heavy, "CHW"))


def test_weak_noise_without_octaves_is_reported() -> None:
    assert "(standard deviation 0.7" in warning_of(noise_statistics(0.7 * TRUE.reshape(-1), "L"))


def test_the_form_in_a_record_is_rounded() -> None:
    found = noise_statistics(TRUE, "CHW").to_json()
    assert set(found) == {"std", "octave_std", "kurtosis", "lag1"}
    assert found["std"] == round(float(TRUE.std()), 3)


def test_noise_of_one_value_is_measured_too() -> None:
    assert noise_statistics(np.zeros((1, 1, 1)), "CHW").octave_std == (0.0,)


def test_psnr_is_that_of_its_definition() -> None:
    first, second = bytes([10, 20, 30]), bytes([10, 23, 34])
    assert psnr(first, second) == pytest.approx(10 * math.log10(255**2 / (25 / 3)))
    assert psnr(first, first) == math.inf
