"""The losses that the stages of autoencoder and decoder share."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.embedded.training.classifier import Classifier
from engine.embedded.training.ranks import half_precision

_OBJECT_WEIGHT = 2.0  # added to 1 under an object
_EDGE = 0.5  # weight of the differences between neighbours


def picture_loss(decoded: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Return the weighted absolute error of pixels and of the differences between neighbours.

    Args:
        decoded: (B, 3, H, W).
        target: (B, 3, H, W).
        weight: (B, 1, H, W).
    """
    pixel = ((decoded - target).abs() * weight).mean()
    pairs = zip(_edges(decoded), _edges(target), _inner(weight), strict=True)
    edge = sum(((a - b).abs() * w).mean() for a, b, w in pairs)
    loss: Tensor = pixel + _EDGE * edge
    return loss


def perceptual_distance(classifier: Classifier, decoded: Tensor, target: Tensor, stages: int = 2) -> Tensor:
    """Return the mean absolute difference of the features of a classifier's first stages."""
    distance = torch.zeros((), device=decoded.device)
    for stage in list(classifier.stages)[:stages]:
        with half_precision(decoded.device):
            decoded, target = stage(decoded), stage(target)
        distance = distance + (decoded - target).abs().float().mean()
    return distance


def pixel_weight(covered: NDArray[np.uint8]) -> Tensor:
    """Return the weight of each pixel in the loss, 1 on average.

    Args:
        covered: (B, h, w) uint8, 255 where a latent covers an object.

    Returns:
        (B, 1, 8 h, 8 w).
    """
    weight = torch.from_numpy(np.array(covered))[:, None].float() / 255
    weight = 1 + _OBJECT_WEIGHT * nn.functional.interpolate(weight, scale_factor=8)
    return weight / weight.mean()


def _edges(x: Tensor) -> tuple[Tensor, Tensor]:
    return x[..., 1:] - x[..., :-1], x[..., 1:, :] - x[..., :-1, :]


def _inner(weight: Tensor) -> tuple[Tensor, Tensor]:
    return weight[..., 1:], weight[..., 1:, :]
