"""From clean latents back to noise, one step after the other: which evaluations of the model this takes.

Deterministic schedulers add up: the latents before each step are the initial noise and the outputs of the model at the
steps before, each times a number that only the schedule decides.  So for given outputs, those latents at all steps are
known that lead to the clean ones, whatever history a step uses.  The outputs have to be those at these latents: that is
solved here, by fixed points with a memory.

It holds float32 tensors of the size of the noise, on the CPU: two for each step, twice `Effort.memory` for the step
that is solved, and where steps use a history twice `Effort.memory_of_passes` for each step, as far as `MAX_REMEMBERED`
allows, with about four more for each step while passes are combined.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TypeAlias

import torch

from engine.diffusion.inversion.fixed_point import AndersonIteration, relative_size
from engine.diffusion.seams.evaluations import Steps
from engine.errors import InvalidRequestError

Evaluating: TypeAlias = Generator[tuple[int, torch.Tensor], torch.Tensor, None]
Evaluations: TypeAlias = Generator[tuple[int, torch.Tensor], torch.Tensor, torch.Tensor]
"""Yields the index of a step and latents, gets the output of the model there, and returns the latents of the noise."""

MAX_REMEMBERED = 2**28
"""Values in the memory of all passes together: 1 GiB.  Beyond, fewer iterates are combined, at last none."""
_LEAST_SHARE = 1e-6
"""Of the noise in the clean latents."""
_LEAST_WEIGHT = 1e-5
"""Relative to the largest weight of a row; schedulers compute in float32, so smaller ones are errors of rounding."""
_STILL = 0.3
"""In units of the tolerance: a step is evaluated again if its latents moved by more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Effort:
    """How much work an inversion may do.

    Attributes:
        evaluations: The most evaluations of one step.
        cleanest: How many times as many the cleanest step gets, which is the hardest to solve.
        predicts: Whether the first guess of a step takes the output of the step after; else it is the latents there.
        tolerance: The relative residual at which a step is solved.
        damping: The share of a residual that is taken; 1 where a memory makes damping needless.
        memory: How many of the last iterates are combined; 0 is the plain fixed point.
        rough_tolerance: The tolerance of the first pass where more follow, because steps depend on earlier ones.
        passes: The most passes that follow.
        mean: How many evaluations the steps may take in the mean; no further pass begins that could exceed it.
        memory_of_passes: How many of the last passes are combined.
    """

    evaluations: int = 8
    cleanest: int = 2
    predicts: bool = True
    tolerance: float = 1e-3
    damping: float = 1.0
    memory: int = 5
    rough_tolerance: float = 1e-2
    passes: int = 8
    mean: int = 8
    memory_of_passes: int = 3

    def most(self, *, is_cleanest: bool) -> int:
        """Return the most evaluations of a step."""
        return self.evaluations * (self.cleanest if is_cleanest else 1)


@dataclass(slots=True)
class _Trajectory:
    """What is known of all steps.

    Attributes:
        clean: The latents after the last step.
        weights: For each step, how much of `clean` and of the output at each step its latents are.
        effort: How much work may be done.
        outputs: Of the model, for each step, as far as they are known.
        evaluated: The latents where they were computed.
        count: How many evaluations were made.
    """

    clean: torch.Tensor
    weights: list[list[float]]
    effort: Effort
    outputs: dict[int, torch.Tensor] = field(default_factory=dict)
    evaluated: dict[int, torch.Tensor] = field(default_factory=dict)
    count: int = 0

    @property
    def last(self) -> int:
        """The index of the cleanest step."""
        return len(self.weights) - 1

    @property
    def has_history(self) -> bool:
        """Whether the latents before a step depend on the output at a noisier one."""
        return any(any(row[1 : index + 1]) for index, row in enumerate(self.weights))

    def latents(self, index: int) -> torch.Tensor:
        """Return the latents before a step that follow from the outputs; unknown ones count as the noisiest known."""
        clean, *shares = self.weights[index]
        noisiest, latents = min(self.outputs), clean * self.clean
        for step, share in enumerate(shares):
            if share:
                latents = latents + share * self.outputs[max(step, noisiest)]
        return latents

    def first_guess(self, index: int) -> torch.Tensor:
        """Return latents before a step at which no output is known yet."""
        if index == self.last:
            return self.clean
        return self.latents(index) if self.effort.predicts else self.latents(index + 1)


def trajectory(steps: Steps, latents: torch.Tensor, last: int, effort: Effort) -> Evaluations:
    """Invert the steps from `last` to the first.

    Args:
        steps: The steps of the scheduler.
        latents: After step `last`, as the scheduler has them.
        last: The index of the cleanest step to invert.
        effort: How much work this may do.
    """
    path = _Trajectory(clean=latents.float().cpu(), weights=_weights_from_the_end(steps, last), effort=effort)
    for index in range(last, -1, -1):
        is_rough = path.has_history and index < last
        yield from _solve(path, index, effort.rough_tolerance if is_rough else effort.tolerance)
    if path.has_history:
        return (yield from _solve_together(path))
    return path.latents(0)


# With the outputs given, the latents after the last step tell the initial noise, and this the latents before each step.
def _weights_from_the_end(steps: Steps, last: int) -> list[list[float]]:
    """Return how much of the clean latents and of each output the latents before each step are."""
    weights = steps.weights()[:, : last + 2]
    before, end = weights[: last + 1], weights[last + 1]
    if abs(float(end[0])) < _LEAST_SHARE:
        raise InvalidRequestError("the first step of this schedule forgets its noise: take more steps")
    shares = before[:, :1] / end[0]
    found = torch.cat([shares, before[:, 1:] - shares * end[1:]], dim=1)
    least = _LEAST_WEIGHT * found.abs().amax(dim=1, keepdim=True)
    rows: list[list[float]] = found.where(found.abs() > least, 0.0).tolist()
    return rows


# The first guess costs nothing: it takes the output of the model at the step after, which was just computed.  The last
# residual is added without another evaluation, since an iteration that converges makes it smaller still.
def _solve(path: _Trajectory, index: int, tolerance: float) -> Evaluating:
    """Find the output at a step; the outputs at noisier steps count as equal to it."""
    latents = path.first_guess(index)
    iteration = AndersonIteration(damping=path.effort.damping, memory=path.effort.memory)
    for _ in range(path.effort.most(is_cleanest=index == path.last)):
        yield from _evaluate(path, index, latents)
        off = path.latents(index) - latents
        if relative_size(off, latents) < tolerance:
            return
        latents = iteration.following(latents, off)


# The history of a multistep scheduler is the output of the model at the step before, which is noisier, and so comes
# later in an inversion.  So passes over all steps follow, each with the newest outputs; Anderson's method combines
# whole passes.  Without it they do not converge where the steps are large (Karras).
def _solve_together(path: _Trajectory) -> Evaluations:
    """Go over all steps until they agree, and return the latents of the noise of the best pass."""
    iteration = AndersonIteration(damping=path.effort.damping, memory=_memory(path))
    least, best = float("inf"), path.latents(0)
    for _ in range(path.effort.passes):
        before = _joined(path)
        off = yield from _pass(path)
        if off < least:
            least, best = off, path.latents(0)
        if off < path.effort.tolerance or path.count > (path.effort.mean - 1) * len(path.weights):
            break
        following = iteration.following(before, _joined(path) - before)
        path.outputs = dict(enumerate(following))
    return best


def _pass(path: _Trajectory) -> Generator[tuple[int, torch.Tensor], torch.Tensor, float]:
    """Evaluate again the steps whose latents have moved, and return by how much they did at most."""
    most = 0.0
    for index in range(path.last, -1, -1):
        latents = path.latents(index)
        off = relative_size(latents - path.evaluated[index], latents)
        if off > _STILL * path.effort.tolerance:
            yield from _evaluate(path, index, latents)
        most = max(most, off)
    return most


def _evaluate(path: _Trajectory, index: int, latents: torch.Tensor) -> Evaluating:
    output = yield index, latents
    path.outputs[index], path.evaluated[index] = output.float().cpu(), latents
    path.count += 1


def _joined(path: _Trajectory) -> torch.Tensor:
    return torch.stack([path.outputs[index] for index in range(path.last + 1)])


def _memory(path: _Trajectory) -> int:
    return min(path.effort.memory_of_passes, MAX_REMEMBERED // (2 * len(path.weights) * path.clean.numel()))
