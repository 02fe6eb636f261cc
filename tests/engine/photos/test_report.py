"""How good the noise of a photograph is, in words."""

from __future__ import annotations

from engine.photos.report import quality_words
from latentpng.record import Json


def test_all_figures_on_one_line() -> None:
    source: dict[str, Json] = {
        "psnr": 27.91,
        "vae_psnr": 60.3,
        "vae_only": 28.7,
        "std": 1.01,
        "octave_std": [1.0, 0.98],
        "kurtosis": -0.02,
        "lag1": 0.004,
    }
    assert quality_words(source) == (
        "repeats the photograph at 27.9 dB (the VAE alone: 28.7), the VAE's picture at 60.3 dB; "
        "noise: std 1.01, octaves 1.00 0.98, kurtosis -0.02, neighbours correlate by 0.00"
    )


def test_what_is_not_known_is_left_out() -> None:
    assert quality_words({}) == ""
    assert quality_words({"psnr": 27.91}) == "repeats the photograph at 27.9 dB"
    assert quality_words({"vae_psnr": 60.3, "vae_only": 28.7}) == "repeats the VAE's picture at 60.3 dB"
    assert quality_words({"std": 1.0}) == "noise: std 1.00"


def test_figures_of_the_wrong_form_are_left_out() -> None:
    assert quality_words({"psnr": "27", "vae_only": True, "octave_std": ["x", None], "std": None}) == ""
