"""Solving x = g(x) from few evaluations of g: Anderson's method, a damped fixed-point iteration with a memory."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch

_RIDGE = 1e-10
"""Of the least squares, relative to their trace: residuals that hardly differ say nothing."""


# With f = g(x) - x, Anderson's method takes the combination of the last few steps that makes the linearised residual
# smallest: x' = x + d f - sum_j c_j (dx_j + d df_j), where c solves min |f - sum_j c_j df_j| and d damps.  Source:
# Walker and Ni 2011, "Anderson Acceleration for Fixed-Point Iterations".
@dataclass(slots=True)
class AndersonIteration:
    """The iterates of one equation.

    Attributes:
        damping: The share of a residual that is taken.
        memory: How many of the last iterates are combined.
        latents: The last iterate.
        residual: Its residual.
        moves: Differences of the last iterates.
        changes: Differences of their residuals.
    """

    damping: float = 1.0
    memory: int = 3
    latents: torch.Tensor | None = None
    residual: torch.Tensor | None = None
    moves: list[torch.Tensor] = field(default_factory=list)
    changes: list[torch.Tensor] = field(default_factory=list)

    def following(self, latents: torch.Tensor, residual: torch.Tensor) -> torch.Tensor:
        """Return the next iterate.

        Args:
            latents: An iterate x, float32: what this returned last, or the first one.
            residual: g(x) - x, float32.
        """
        if self.memory and self.latents is not None and self.residual is not None:
            self.moves = [*self.moves, latents - self.latents][-self.memory :]
            self.changes = [*self.changes, residual - self.residual][-self.memory :]
        self.latents, self.residual = latents, residual
        following = latents + self.damping * residual
        for share, move, change in zip(self._shares(), self.moves, self.changes, strict=True):
            following = following - share * (move + self.damping * change)
        return following

    def _shares(self) -> list[float]:
        if not self.changes or self.residual is None:
            return []
        products = np.array([[_dot(one, other) for other in self.changes] for one in self.changes])
        right = np.array([_dot(one, self.residual) for one in self.changes])
        ridge = _RIDGE * max(float(np.trace(products)), 1e-30)
        shares: list[float] = np.linalg.solve(products + ridge * np.eye(len(right)), right).tolist()
        return shares


def relative_size(residual: torch.Tensor, latents: torch.Tensor) -> float:
    """Return the root mean square of a residual, relative to that of the latents."""
    return float(residual.norm() / latents.norm().clamp_min(1e-12))


def _dot(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one * other).sum())
