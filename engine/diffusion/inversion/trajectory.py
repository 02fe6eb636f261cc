"""From clean latents back to noise, one step after the other: which evaluations of the model this takes.

A step of a deterministic scheduler is y = S(x, f(x)), where f is the model, and for a fixed output S is affine in x.
The latents x before the step solve the fixed point x = x + (y - S(x, f(x))) / s, where s is the slope of S.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import torch

from engine.diffusion.inversion.fixed_point import AndersonIteration, relative_size
from engine.diffusion.seams.evaluations import Steps
from engine.errors import InvalidRequestError

Evaluating: TypeAlias = Generator[tuple[int, torch.Tensor], torch.Tensor, None]
Evaluations: TypeAlias = Generator[tuple[int, torch.Tensor], torch.Tensor, torch.Tensor]
"""Yields the index of a step and latents, gets the output of the model there, and returns the latents of the noise."""

_LEAST_SLOPE = 1e-6


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
    """

    evaluations: int = 8
    cleanest: int = 2
    predicts: bool = True
    tolerance: float = 1e-3
    damping: float = 1.0
    memory: int = 5
    rough_tolerance: float = 1e-2
    passes: int = 8

    def most(self, *, is_cleanest: bool) -> int:
        """Return the most evaluations of a step."""
        return self.evaluations * (self.cleanest if is_cleanest else 1)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a step: the latents before it, and the output of the model there."""

    latents: torch.Tensor
    output: torch.Tensor


@dataclass(slots=True)
class _Trajectory:
    """The latents before each step, as far as they are known, and after the last one."""

    steps: Steps
    effort: Effort
    clean: torch.Tensor
    last: int
    known: dict[int, _Known] = field(default_factory=dict)

    def target(self, index: int) -> torch.Tensor:
        """Return the latents after a step."""
        return self.clean if index == self.last else self.known[index + 1].latents

    def residual(self, index: int, target: torch.Tensor, at: _Known, history: Any) -> torch.Tensor:
        """Return by how much the latents before a step have to change to reach `target`, with the same output."""
        slope = self.steps.slope(index, target, history)
        if abs(slope) < _LEAST_SLOPE:
            raise InvalidRequestError("the first step of this schedule forgets its noise: take more steps")
        return (target - self.steps.take(index, at.output, at.latents, history)) / slope

    def histories(self) -> list[Any]:
        """Return what the scheduler knows before each step."""
        known = [self.known[index] for index in range(self.last + 1)]
        return self.steps.histories([each.output for each in known], [each.latents for each in known])


def trajectory(steps: Steps, latents: torch.Tensor, last: int, effort: Effort) -> Evaluations:
    """Invert the steps from `last` to the first.

    Args:
        steps: The steps of the scheduler.
        latents: After step `last`, as the scheduler has them.
        last: The index of the cleanest step to invert.
        effort: How much work this may do.
    """
    path = _Trajectory(steps=steps, effort=effort, clean=latents.float(), last=last)
    for index in range(last, -1, -1):
        is_rough = steps.has_history and index < last
        yield from _solve(path, index, effort.rough_tolerance if is_rough else effort.tolerance)
    if steps.has_history:
        yield from _solve_together(path)
    return path.known[0].latents


# The first guess costs nothing: it takes the output of the model at the step after, which was just computed.  The last
# residual is added without another evaluation, since an iteration that converges makes it smaller still.
def _solve(path: _Trajectory, index: int, tolerance: float) -> Evaluating:
    """Find the latents before a step that needs no history, or as if it were the first one."""
    target, guess = path.target(index), path.known.get(index + 1)
    latents = target
    if guess is not None and path.effort.predicts:
        latents = target + path.residual(index, target, _Known(target, guess.output), None)
    iteration = AndersonIteration(damping=path.effort.damping, memory=path.effort.memory)
    for _ in range(path.effort.most(is_cleanest=index == path.last)):
        at = _Known(latents, (yield index, latents).float())
        off = path.residual(index, target, at, None)
        path.known[index] = _Known(latents + off, at.output)
        if relative_size(off, latents) < tolerance:
            return
        latents = iteration.following(latents, off)
    path.known[index] = _Known(latents, at.output)


# A multistep scheduler needs the output of the model at the step before, which is noisier, and so comes later in an
# inversion.  So all steps are solved together: each pass evaluates the model at the latents of the last one, replays
# the scheduler forwards to know its history before each step, and goes back through the steps with these outputs.  The
# cleanest steps stay as they are if they have no use for a history: mostly the last one, which is of first order.
def _solve_together(path: _Trajectory) -> Evaluating:
    top, histories = path.last, path.histories()
    while top >= 0 and _is_solved(path, top, histories[top]):
        top -= 1
    latents = [path.known[index].latents for index in range(top + 1)]
    weights = [1.0 / float(each.norm().clamp_min(1e-12)) for each in latents]
    iteration = AndersonIteration(damping=path.effort.damping, memory=path.effort.memory)
    least, best = float("inf"), {**path.known}
    for _ in range(path.effort.passes if latents else 0):
        for index in range(top, -1, -1):
            path.known[index] = _Known(latents[index], (yield index, latents[index]).float())
        moved = _went_back(path, top)
        moves = [after - before for after, before in zip(moved, latents, strict=True)]
        off = max(relative_size(move, each) for move, each in zip(moves, latents, strict=True))
        if off < least:
            least, best = off, {**path.known, 0: _Known(moved[0], path.known[0].output)}
        if off < path.effort.tolerance:
            break
        following = iteration.following(_joined(latents, weights), _joined(moves, weights))
        latents = [part / weight for part, weight in zip(following, weights, strict=True)]
    path.known = best


def _is_solved(path: _Trajectory, index: int, history: Any) -> bool:
    at = path.known[index]
    return relative_size(path.residual(index, path.target(index), at, history), at.latents) < path.effort.tolerance


def _went_back(path: _Trajectory, top: int) -> list[torch.Tensor]:
    """Return the latents before each step up to `top` that follow from the outputs that are known."""
    histories, moved = path.histories(), {}
    target = path.target(top)
    for index in range(top, -1, -1):
        at = path.known[index]
        target = moved[index] = at.latents + path.residual(index, target, at, histories[index])
    return [moved[index] for index in range(top + 1)]


def _joined(parts: list[torch.Tensor], weights: list[float]) -> torch.Tensor:
    """Return one tensor of all steps, so weighted that each counts alike, whatever its noise level is."""
    return torch.stack([part * weight for part, weight in zip(parts, weights, strict=True)])
