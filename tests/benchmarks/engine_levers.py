"""Measure what each optimisation does to the speed and the pixels of the embedded model on the CPU, one at a time.

    python -m tests.benchmarks.engine_levers [REPEATS]

The baseline is one call of diffusers for 8 pictures, in the worker's environment except for its allocator: 2 threads,
no_grad, both halves of the guidance in one batch, pictures decoded one by one.  Every variant changes one of these
and has a pipeline of its own.  The benchmark prints a line for each: seconds, the paired ratio to the baseline (below
1, the variant is faster), and how many colour values differ.
"""

from __future__ import annotations

import sys

from engine.diffusion.environment import prepare_environment


def main(repeats: int) -> None:
    """Set the environment, then import torch and measure."""
    prepare_environment(download=False)
    from tests.benchmarks.levers import measure

    measure(repeats)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
