"""One draw of noise, by whichever generator: the choices that a picture's file leaves open, as a value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latentpng.foreign.noise.gpus import capacity_of
from latentpng.foreign.noise.philox import cuda_normal, nv_normal
from latentpng.foreign.noise.torch_cpu import BLOCK, FLOAT32, CpuDraw, cpu_normal, rounded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CPU, GPU, NV = "cpu", "gpu", "nv"
RANDOMNESS = (CPU, GPU, NV)


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawing:
    """randomness: "cpu" is torch's CPU generator, "gpu" that of CUDA, "nv" the web UI's copy of the latter.

    gpu: for "gpu" alone, see gpus.capacity_of.  dtype, arithmetic: see torch_cpu; the latter for "cpu" alone.
    batch_index: which picture of a batch that is drawn at once, of batch_size; 0 for "gpu".
    """

    randomness: str
    gpu: str = ""
    dtype: str = FLOAT32
    arithmetic: str = ""
    batch_index: int = 0
    batch_size: int = 1

    def draw(self, seed: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """The noise of one picture: float32 of this shape, unit variance.  InvalidValueError."""
        count = math.prod(shape)
        if self.randomness == CPU:
            return cpu_normal(self._of_batch(seed, count)).reshape(shape)
        if self.randomness == NV:
            values = nv_normal(seed, count, self.batch_index * count)
        else:
            values = cuda_normal(seed, count, capacity_of(self.gpu))
        return rounded(values, self.dtype).reshape(shape)

    def _of_batch(self, seed: int, count: int) -> CpuDraw:
        # whole blocks do not depend on what is drawn behind them
        pictures = self.batch_index + 1 if count % BLOCK == 0 else self.batch_size
        return CpuDraw(
            seed=seed,
            total=pictures * count,
            first=self.batch_index * count,
            count=count,
            dtype=self.dtype,
            arithmetic=self.arithmetic,
        )
