"""What each lever does to the speed and to the pixels: the embedded model on the CPU, one lever at a time, in turns.

python -m tests.benchmarks.engine_levers [REPEATS]

The base is one call of diffusers for 8 pictures, in the worker's environment but for its allocator: 2 threads, no_grad,
both halves of the guidance in one batch, pictures decoded one by one.  Every lever changes one of these, has a pipeline
of its own, and is compared with the base of the same round; below 1 is quicker.
"""

from __future__ import annotations

import sys

from engine.diffusion.environment import prepare_environment


def main(repeats: int) -> None:
    """Torch comes after the environment."""
    prepare_environment(download=False)
    from tests.benchmarks.levers import measure

    measure(repeats)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
