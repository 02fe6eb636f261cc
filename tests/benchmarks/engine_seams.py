"""What the two seams cost: with a scheduler that does nothing, and as a share of a step of the embedded model.

python -m tests.benchmarks.engine_seams
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from engine.diffusion.load import load_model
from engine.diffusion.render import BatchRenderer
from engine.diffusion.seams.randomness import isolated_randomness
from engine.diffusion.seams.steps import controlled_steps
from engine.models.resolve import defaults_of, resolve_model
from engine.rendering.requests import LoadModel


class Nothing:
    """A scheduler whose step costs nothing."""

    timesteps = (0,)
    config: dict[str, object] = {}  # noqa: RUF012 (never changed)

    def step(self, model_output: object, timestep: object, sample: torch.Tensor, generator: object = None) -> object:  # noqa: ARG002
        return (sample, sample)


def per_call(call: Callable[[], object], count: int) -> float:
    """Microseconds, the median of 7 rounds."""
    rounds = []
    for _ in range(7):
        began = time.perf_counter()
        for _ in range(count):
            call()
        rounds.append((time.perf_counter() - began) / count * 1e6)
    return statistics.median(rounds)


def main() -> None:
    scheduler, sample = Nothing(), torch.zeros(1)
    bare = per_call(lambda: scheduler.step(sample, 0, sample, generator=None), 20_000)
    with controlled_steps(scheduler, seed=1, count=8, eta=0.0, on_step=lambda _: None):
        wrapped = per_call(lambda: scheduler.step(sample, 0, sample, generator=None), 20_000)
    print(f"a step through the seam: {wrapped - bare:.1f} us more")

    def watch() -> None:
        with isolated_randomness(1):
            pass

    print(f"the watch over random generators: {per_call(watch, 200):.0f} us a batch")
    model = resolve_model("")
    settings = defaults_of(model).settings("a lake")
    loaded = load_model(LoadModel(model=model, settings=settings, device="cpu"), lambda _: None)
    print(f"a fresh scheduler: {per_call(lambda: loaded.own.build(settings.scheduler), 20):.0f} us a batch")
    renderer = BatchRenderer(loaded)
    noise = np.random.default_rng(0).standard_normal((8, 4, 16, 16)).astype(np.float16)
    batch = per_call(lambda: renderer.render(noise, settings, lambda _: None), 1)
    print(f"a batch of 8: {batch / 1e3:.0f} ms, so a step takes {batch / settings.num_inference_steps:.0f} us")


if __name__ == "__main__":
    main()
