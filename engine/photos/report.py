"""The quality of the noise that was found for a photograph, in words, from the `source` of its record."""

from __future__ import annotations

from latentpng.json_fields import is_number
from latentpng.record import Json, JsonObject

PSNR, PSNR_TO_VAE, VAE_ALONE = "psnr", "vae_psnr", "vae_only"
"""Keys of decibels: of the picture against the photograph and against the VAE's picture, and between those two."""


def quality_words(source: JsonObject) -> str:
    """Return how well noise repeats its photograph and what its statistics are, on one line.

    Args:
        source: The `source` of the root of an inverted photograph.  What it does not say is left out.
    """
    return "; ".join(filter(None, (repeats_words(source), _noise_words(source))))


def repeats_words(source: JsonObject) -> str:
    """Return how well noise repeats its photograph.

    Args:
        source: As for `quality_words`.
    """
    against = [_decibels("the photograph", source.get(PSNR)), _decibels("the VAE's picture", source.get(PSNR_TO_VAE))]
    alone = source.get(VAE_ALONE)
    if against[0] and is_number(alone):
        against[0] += f" (the VAE alone: {alone:.1f})"
    repeats = ", ".join(filter(None, against))
    return f"repeats {repeats}" if repeats else ""


def _noise_words(source: JsonObject) -> str:
    """Return the statistics of noise."""
    noise = ", ".join(filter(None, (_statistic(name, source.get(key)) for name, key in _STATISTICS.items())))
    return f"noise: {noise}" if noise else ""


_STATISTICS = {
    "std": "std",
    "octaves": "octave_std",
    "kurtosis": "kurtosis",
    "neighbours correlate by": "lag1",
}


def _decibels(what: str, value: Json) -> str:
    return f"{what} at {value:.1f} dB" if is_number(value) else ""


def _statistic(name: str, value: Json) -> str:
    if isinstance(value, list | tuple):
        numbers = [f"{each:.2f}" for each in value if is_number(each)]
        return f"{name} {' '.join(numbers)}" if numbers else ""
    return f"{name} {value:.2f}" if is_number(value) else ""
