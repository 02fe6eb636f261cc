"""Seam: evaluations of a pipeline's model at steps and latents of our choice.

To find the noise of a picture, the model has to be evaluated at latents that no step of the scheduler leads to, from
the last step to the first, several times a step.  A pipeline prepares so much for its model (packing, embeddings of the
prompt, of the time and of the size) that only the pipeline itself can call it.  So its own loop is used: the timesteps
of the scheduler become a tensor whose iteration asks a `Driver` for the next step, and `step` gives the output of the
model to the driver, and returns the next latents to evaluate.

Assumptions, checked by tests/engine/diffusion/seams/test_evaluations.py:
- A pipeline sets its timesteps by `scheduler.set_timesteps`, iterates over `scheduler.timesteps` (or a slice, copy or
  cast of this tensor) with `for`, and once in each iteration calls `scheduler.step(output, timestep, latents)`, of
  which it uses the first value, or `prev_sample`.
- Where a scheduler has the attribute `_step_index`, `step` and `scale_model_input` use it, unless it is None.
- A shallow copy of a scheduler, with its lists copied too, steps on its own.
- A step of a deterministic scheduler adds up the latents and the outputs of the model at this step and earlier ones,
  with factors that depend on neither, and treats every value of a tensor of any shape alike.
- `add_noise` or `scale_noise(samples, noise, timesteps)` mixes samples and noise with factors that depend on the
  timestep alone.
"""

from __future__ import annotations

import contextlib
import copy
import functools
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import torch

_MOST_A_STEP = 64
"""Pipelines may index the timesteps by the number of the iteration, so that there have to be enough of them."""


class Steps:
    """The steps of a scheduler whose timesteps are set."""

    def __init__(self, scheduler: Any) -> None:
        """Copy a scheduler.

        Args:
            scheduler: The scheduler; it stays as it is.
        """
        self._fresh = _copied(scheduler)
        self.timesteps: torch.Tensor = scheduler.timesteps
        self.count = len(scheduler.timesteps)
        self.name = type(scheduler).__name__

    def weights(self) -> torch.Tensor:
        """Return how the latents follow from the noise and from the outputs of the model.

        Returns:
            (count + 1, count + 1), float64: row i says of what the latents before step i are the sum, and the last row
            says it of those after the last step: the factor of the latents before the first step, then that of the
            output at each step.
        """
        scheduler, latents = _copied(self._fresh), torch.zeros(self.count + 1)
        if hasattr(scheduler, "_step_index"):
            scheduler._step_index = 0
        latents[0] = 1.0
        rows = [latents.double()]
        for index, timestep in enumerate(self.timesteps.cpu()):
            output = torch.zeros(self.count + 1)
            output[index + 1] = 1.0
            latents = scheduler.step(output, timestep, latents, return_dict=False)[0]
            rows.append(latents.double())
        return torch.stack(rows)

    def noising(self, index: int) -> tuple[float, float]:
        """Return the factors of a clean picture and of unit noise at the noise level before a step."""
        one, none, times = torch.ones(1), torch.zeros(1), self.timesteps[index : index + 1].cpu()
        scheduler = _copied(self._fresh)
        if hasattr(scheduler, "scale_noise"):
            return float(scheduler.scale_noise(one, times, none)), float(scheduler.scale_noise(none, times, one))
        return float(scheduler.add_noise(one, none, times)), float(scheduler.add_noise(none, one, times))

    @property
    def noise_scale(self) -> float:
        """By what a pipeline multiplies unit noise before its first step."""
        return float(getattr(self._fresh, "init_noise_sigma", 1.0))


class _Stepped(NamedTuple):
    """What `step` returns, for pipelines that want a tuple and for those that want an object."""

    prev_sample: torch.Tensor
    pred_original_sample: torch.Tensor


class Driver(Protocol):
    """Decides at which step and latents the model is evaluated."""

    def begin(self, steps: Steps) -> None:
        """Take the steps, once the pipeline has set its timesteps."""

    def next_step(self) -> int:
        """Return the index of the step at which the model is evaluated next; -1 ends the loop of the pipeline."""

    def receive(self, output: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:
        """Take the output of the model at these latents, and return the latents to go on with."""


@contextlib.contextmanager
def driven_steps(scheduler: Any, driver: Driver) -> Iterator[None]:
    """Let a driver decide what a pipeline evaluates while the context is open.

    Args:
        scheduler: The pipeline's scheduler, used for one call only.
        driver: Decides.
    """
    set_timesteps, step = scheduler.set_timesteps, scheduler.step

    @functools.wraps(set_timesteps)  # pipelines read its signature
    def set_driven_timesteps(*args: Any, **kwargs: Any) -> None:
        set_timesteps(*args, **kwargs)
        driver.begin(Steps(scheduler))
        scheduler.timesteps = _on_demand(scheduler, driver)

    @functools.wraps(step)  # likewise
    def driven_step(model_output: Any, timestep: Any, sample: Any, *_: Any, **__: Any) -> _Stepped:  # noqa: ARG001 (pipelines pass it)
        latents = driver.receive(model_output, sample)
        return _Stepped(latents, latents)

    scheduler.set_timesteps, scheduler.step = set_driven_timesteps, driven_step
    try:
        yield
    finally:
        del scheduler.set_timesteps, scheduler.step


def _on_demand(scheduler: Any, driver: Driver) -> torch.Tensor:
    """Return timesteps of which iteration gives those that the driver asks for."""
    times: torch.Tensor = scheduler.timesteps

    class OnDemand(torch.Tensor):
        """Timesteps; slices, copies and casts are of this class too."""

        def __iter__(self) -> Iterator[torch.Tensor]:
            plain = times.to(device=self.device, dtype=self.dtype)
            while (index := driver.next_step()) >= 0:
                if hasattr(scheduler, "_step_index"):
                    scheduler._step_index = index
                yield plain[index]

    return times.flip(0).repeat_interleave(_MOST_A_STEP).as_subclass(OnDemand)


def _copied(scheduler: Any) -> Any:
    """Return a copy that steps on its own, with neither our methods nor those of other seams."""
    other = copy.copy(scheduler)
    for name in ("step", "set_timesteps"):
        other.__dict__.pop(name, None)
    lists = {name: list(value) for name, value in other.__dict__.items() if isinstance(value, list)}
    other.__dict__.update(lists)
    return other
