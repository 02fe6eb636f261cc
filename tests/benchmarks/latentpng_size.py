"""Compare the size of a latent chunk with the entropy of float16 noise, which no lossless encoding can go below.

    python -m tests.benchmarks.latentpng_size

For each shape of noise the benchmark prints that lower bound (the baseline), and by how many percent the stored noise
and the whole chunk exceed it.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from latentpng.chunk.codec import encode_record
from latentpng.noise.replay import record_of, replay
from latentpng.record import Lineage, SeedRoot

SHAPES = ((4, 64, 64), (4, 128, 128), (16, 128, 128))


def entropy_bits() -> float:
    """Return the bits in one value of N(0, 1) rounded to float16: the sum of -p log2 p over all float16 values."""
    # The 31744 finite values from 0 up, in order.  A value is the result of rounding everything between the midpoints
    # to its neighbours, so its probability is a difference of two tails of the normal distribution.
    values = np.sort(np.arange(65536, dtype=np.uint16).view(np.float16)[:31744].astype(np.float64))
    edges = np.concatenate(([0.0], (values[1:] + values[:-1]) / 2, [np.inf]))
    tails = [math.erfc(edge / math.sqrt(2)) / 2 for edge in edges]
    probabilities = [upper - lower for upper, lower in pairwise(tails)]
    positive = -sum(p * math.log2(p) for p in probabilities if p > 0)
    return 2 * positive  # the negative half is its mirror image


def main() -> None:
    """Print one line for each shape."""
    bits = entropy_bits()
    print(f"entropy of float16 noise: {bits:.3f} bits for each value")
    for shape in SHAPES:
        lineage = Lineage(root=SeedRoot(seed=1))
        record = record_of(lineage, replay(lineage, shape, "CHW"), axes="CHW")
        data = encode_record(record)
        payload, bound = int.from_bytes(data[12:16], "little"), bits * math.prod(shape) / 8
        print(
            f"{shape}: lower bound {bound:.0f} bytes, stored noise {payload} ({100 * (payload / bound - 1):+.2f}%), "
            f"whole chunk {len(data)} ({100 * (len(data) / bound - 1):+.2f}%)"
        )


if __name__ == "__main__":
    main()
