"""The caches of noise, emptied so that a reading or a measurement pays for everything it computes."""

from __future__ import annotations

from latentpng.noise import perturbation, replay
from latentpng.noise.cache import ArrayCache


def empty_noise_caches() -> None:
    """Empty the caches of draws and of states; that of the prompt's offsets stays."""
    perturbation._DRAWS, replay._STATES = ArrayCache(32 * 2**20), ArrayCache(32 * 2**20)
