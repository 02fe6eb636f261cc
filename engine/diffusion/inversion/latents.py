"""How initial noise and the latents of an autoencoder belong together: measured on the pipeline, for any family.

A pipeline that takes no step at all hands its initial noise to its decoder, after all that it does to it: packing and
unpacking, scaling by the scheduler and for the autoencoder.  This changes single values by a factor and an offset and
moves them around.  A few such calls with known numbers show all three.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from engine.errors import ModelError

_BASE = 16
"""Of the digits by which values are recognised: few enough that a bfloat16 keeps them apart after scaling."""
_CANNOT = "cannot be inverted"


@dataclass(frozen=True, kw_only=True, slots=True)
class LatentMap:
    """The map from initial noise, as the pipeline asks for it, to the latents that it decodes after no step.

    Attributes:
        noise_shape: (1, ...).
        latent_shape: (1, ...).
        order: For each of the latents in C order, the place of its noise in C order.
        factor: By what its noise is multiplied; broadcasts to `latent_shape`.
        offset: What is added to it; likewise.
    """

    noise_shape: tuple[int, ...]
    latent_shape: tuple[int, ...]
    order: NDArray[np.int64]
    factor: NDArray[np.float32]
    offset: NDArray[np.float32]

    def to_noise(self, latents: torch.Tensor) -> torch.Tensor:
        """Return what the pipeline has to start from to decode these latents after no step; float32, on the CPU."""
        values = (latents.float().cpu().numpy().reshape(self.latent_shape) - self.offset) / self.factor
        noise = np.empty(values.size, np.float32)
        noise[self.order] = values.ravel()
        return torch.from_numpy(noise.reshape(self.noise_shape))


def measure_map(decoded: Callable[[torch.Tensor], torch.Tensor], shape: tuple[int, ...], name: str) -> LatentMap:
    """Measure the map of a pipeline.

    Args:
        decoded: Takes initial noise, float32; returns the latents that the pipeline decodes after no step.
        shape: Of the noise, (1, ...).
        name: The name of the pipeline's class, for the message of an error.

    Raises:
        ModelError: The map is of another kind.
    """

    def measured(noise: NDArray[np.float32]) -> NDArray[np.float32]:
        values: NDArray[np.float32] = decoded(torch.from_numpy(noise.reshape(shape))).float().cpu().numpy()
        return values

    count = int(np.prod(shape))
    offset = measured(np.zeros(count, np.float32))
    factor = measured(np.ones(count, np.float32)) - offset
    if factor.size != count or not np.isfinite(factor).all() or not (np.abs(factor) > 0.0).all():
        raise ModelError(f"{name} {_CANNOT}: its latents have another number of values than its noise")
    place, places, weight = np.arange(count), np.zeros(count, np.int64), 1
    while weight < count:
        digits = (place // weight % _BASE).astype(np.float32)
        places += weight * np.rint((measured(digits) - offset) / factor).astype(np.int64).ravel()
        weight *= _BASE
    if not np.array_equal(np.sort(places), place):
        raise ModelError(f"{name} {_CANNOT}: it mixes the values of its noise before the first step")
    return LatentMap(noise_shape=shape, latent_shape=factor.shape, order=places, factor=factor, offset=offset)
