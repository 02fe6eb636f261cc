"""One draw of noise by any of the generators, described by the choices that a picture's file may leave open."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latentpng.errors import InvalidValueError
from latentpng.foreign.noise.gpus import capacity_of
from latentpng.foreign.noise.philox import cuda_normal, nv_normal
from latentpng.foreign.noise.torch_cpu import BLOCK, FLOAT32, CpuDraw, cpu_normal, rounded
from latentpng.text import brief

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CPU, GPU, NV, NUMPY = "cpu", "gpu", "nv", "numpy"
RANDOMNESS = (CPU, GPU, NV, NUMPY)
_MAX_NUMPY_SEED = 2**32 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawing:
    """How the noise of one picture is drawn.

    Attributes:
        randomness: "cpu" for torch's CPU generator, "gpu" for CUDA's, "nv" for the web UI's copy of CUDA's,
            "numpy" for the first generator of NumPy, which Apple's Core ML Stable Diffusion copies.
        gpu: The name of the GPU, as `gpus.capacity_of` takes it; used for "gpu" only.
        dtype: The dtype that is drawn, one of `torch_cpu.DTYPES`.
        arithmetic: The code path of torch, one of `torch_cpu.ARITHMETICS`; used for "cpu" only.
        batch_index: The index of the picture, from 0, in a batch that is drawn at once; 0 for "gpu".
        batch_size: The number of pictures in that batch.
    """

    randomness: str
    gpu: str = ""
    dtype: str = FLOAT32
    arithmetic: str = ""
    batch_index: int = 0
    batch_size: int = 1

    def draw(self, seed: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """Return the noise of one picture.

        Args:
            seed: The seed, from -2^63 to 2^64 - 1.
            shape: The shape of the picture's latent, (C, H, W).

        Returns:
            Noise of this shape, float32, zero mean, unit variance.

        Raises:
            InvalidValueError: The seed, the dtype, the arithmetic or the GPU is not known to the generator.
        """
        count = math.prod(shape)
        if self.randomness == CPU:
            return cpu_normal(self._of_batch(seed, count)).reshape(shape)
        if self.randomness == NUMPY:
            values = _numpy_normal(seed, count)
        elif self.randomness == NV:
            values = nv_normal(seed, count, self.batch_index * count)
        else:
            values = cuda_normal(seed, count, capacity_of(self.gpu))
        return rounded(values, self.dtype).reshape(shape)

    def _of_batch(self, seed: int, count: int) -> CpuDraw:
        # A draw is made of blocks of 16 values, and only the last values of a draw depend on its length. So the
        # number of pictures behind this one matters only when a picture is not a whole number of blocks.
        pictures = self.batch_index + 1 if count % BLOCK == 0 else self.batch_size
        return CpuDraw(
            seed=seed,
            total=pictures * count,
            first=self.batch_index * count,
            count=count,
            dtype=self.dtype,
            arithmetic=self.arithmetic,
        )


def _numpy_normal(seed: int, count: int) -> NDArray[np.float32]:
    """Return what `numpy.random.RandomState(seed)` draws; NumPy promises that this generator never changes."""
    import numpy as np

    if not 0 <= seed <= _MAX_NUMPY_SEED:
        raise InvalidValueError(f"a seed of NumPy must be from 0 to 2^32 - 1, found {brief(seed)}")
    return np.random.RandomState(seed).standard_normal(count).astype(np.float32)
