"""Textbook formulas, written plainly, that the tests of noise compare the package with."""

from __future__ import annotations

import math

import torch


def curand_normal(x: int, y: int, component: int) -> float:
    """Return one normal value of curand's Box-Muller transform in double: the sine first, then the cosine.

    Args:
        x: The 32-bit word that gives the radius.
        y: The 32-bit word that gives the angle.
        component: Which of the four values of a Philox call it is; even ones take the sine.
    """
    radius = math.sqrt(-2 * math.log((x + 0.5) / 2**32))
    angle = 2 * math.pi * (y + 0.5) / 2**32
    return radius * (math.cos(angle) if component % 2 else math.sin(angle))


def slerp_columns(strength: float, low: torch.Tensor, high: torch.Tensor) -> torch.Tensor:
    """Interpolate one column at a time on the sphere: sin((1 - t) a) / sin(a) low + sin(t a) / sin(a) high.

    Args:
        strength: t, from 0 (`low`) to 1 (`high`).
        low: Noise of shape (C, H, W).
        high: Noise of the same shape.
    """
    result = torch.empty_like(low)
    for channel in range(low.shape[0]):
        for x in range(low.shape[2]):
            a, b = low[channel, :, x], high[channel, :, x]
            angle = torch.arccos((a / a.norm()) @ (b / b.norm()))
            first = torch.sin((1 - strength) * angle) / torch.sin(angle)
            result[channel, :, x] = first * a + torch.sin(strength * angle) / torch.sin(angle) * b
    return result
