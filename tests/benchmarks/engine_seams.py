"""Measure what the hooks into diffusers cost, against the time of a denoising step of the embedded model.

    python -m tests.benchmarks.engine_seams

Each hook is timed with a scheduler that computes nothing, so that only the hook itself counts.  The benchmark prints
microseconds for each step and each batch, then the milliseconds of a real batch of 8 to compare them with.
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
    """A scheduler whose step computes nothing."""

    timesteps = (0,)
    config: dict[str, object] = {}  # noqa: RUF012 (never changed)

    def step(self, model_output: object, timestep: object, sample: torch.Tensor, generator: object = None) -> object:  # noqa: ARG002
        return (sample, sample)


def per_call(call: Callable[[], object], count: int) -> float:
    """Return the microseconds of one call: the median of 7 rounds of `count` calls."""
    rounds = []
    for _ in range(7):
        start = time.perf_counter()
        for _ in range(count):
            call()
        rounds.append((time.perf_counter() - start) / count * 1e6)
    return statistics.median(rounds)


def main() -> None:
    """Time the hooks and a real batch, and print the figures."""
    scheduler, sample = Nothing(), torch.zeros(1)
    bare = per_call(lambda: scheduler.step(sample, 0, sample, generator=None), 20_000)
    with controlled_steps(scheduler, seed=1, count=8, eta=0.0, on_step=lambda _: None):
        wrapped = per_call(lambda: scheduler.step(sample, 0, sample, generator=None), 20_000)
    print(f"added by the hook to each step: {wrapped - bare:.1f} us")

    def watch() -> None:
        with isolated_randomness(1):
            pass

    print(f"isolating the random generators, for each batch: {per_call(watch, 200):.0f} us")
    model = resolve_model("")
    settings = defaults_of(model).settings("a lake")
    loaded = load_model(LoadModel(model=model, settings=settings, device="cpu"), lambda _: None)
    print(
        f"making a new scheduler, for each batch: {per_call(lambda: loaded.own.build(settings.scheduler), 20):.0f} us"
    )
    renderer = BatchRenderer(loaded)
    noise = np.random.default_rng(0).standard_normal((8, 4, 16, 16)).astype(np.float16)
    batch = per_call(lambda: renderer.render(noise, settings, lambda _: None), 1)
    steps = settings.num_inference_steps
    print(f"for comparison, a batch of 8: {batch / 1e3:.0f} ms, which is {batch / steps:.0f} us for each step")


if __name__ == "__main__":
    main()
