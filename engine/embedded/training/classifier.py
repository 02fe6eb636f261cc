"""A small network that reads landscapes: which attributes they have, and how similar two of them look.

It is trained on drawn scenes alone (`classifier_training.py`), and judges what the embedded model renders:
`load_classifier()`, then `read`, `embed` or `distance`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn

from engine.embedded.training.scenes.palette import MOON, MOUNTAIN, PAINT, SUN
from engine.embedded.training.scenes.scene import (
    BODIES,
    GROUNDS,
    RELIEFS,
    SKY_COLOURS,
    STYLES,
    TIMES,
    TREES,
    WEATHERS,
    Scene,
)

WEIGHTS = Path(__file__).parent / "classifier.safetensors"
Pixels = NDArray[np.uint8]  # (N, 128, 128, 3)

_YES_NO = ("no", "yes")
# attribute -> the values that the classifier tells apart
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "time": TIMES,
    "sky": SKY_COLOURS,
    "ground": GROUNDS,
    "relief": RELIEFS,
    "relief_colour": tuple(MOUNTAIN),
    "body": BODIES,
    "body_colour": tuple(dict.fromkeys([*SUN, *MOON])),
    "clouds": _YES_NO,
    "weather": WEATHERS,
    "trees": TREES,
    "building": ("none", "house", "windmill", "castle", "lighthouse"),
    "roof": ("red", "blue", "yellow", "white"),
    "boat": _YES_NO,
    "boat_colour": ("white", "red", "yellow"),
    "balloon": _YES_NO,
    "balloon_colour": tuple(PAINT),
    "flowers": _YES_NO,
    "way": ("none", "river", "path"),
    "birds": _YES_NO,
    "rainbow": _YES_NO,
    "aurora": _YES_NO,
    "stars": _YES_NO,
    "style": STYLES,
}
UNKNOWN = -1  # the label of a colour of something that is not there, or that the style hides
_WIDTHS = (24, 48, 96, 128)


def labels(scene: Scene) -> list[int]:
    """Return the index of the value of every attribute of a scene, or UNKNOWN."""
    return [_label(scene, name) for name in ATTRIBUTES]


def _label(scene: Scene, name: str) -> int:
    values = ATTRIBUTES[name]
    if scene.style == "ink" and name in (
        "time",
        "sky",
        "relief_colour",
        "body_colour",
        "roof",
        "boat_colour",
        "balloon_colour",
    ):
        return UNKNOWN
    match name:
        case "boat_colour" | "balloon_colour":
            found = getattr(scene, name.removesuffix("_colour"))
            return values.index(found) if found else UNKNOWN
        case "roof":
            return values.index(scene.roof) if scene.building in ("house", "windmill", "castle") else UNKNOWN
        case "body_colour":
            return values.index(scene.body_colour) if scene.body != "none" else UNKNOWN
        case "relief_colour":
            return values.index(scene.relief_colour) if scene.relief in ("mountains", "hills") else UNKNOWN
        case "building" | "way":
            return values.index(getattr(scene, name) or "none")
        case "clouds":
            return int(scene.clouds != "none")
        case "boat" | "balloon" | "flowers" | "birds" | "rainbow" | "aurora" | "stars":
            return int(bool(getattr(scene, name)))
        case _:
            return values.index(getattr(scene, name))


class Classifier(nn.Module):
    """Four stages that halve the picture, then one linear head for each attribute over means and maxima."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, *_WIDTHS)
        self.stages = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(before, after, 3, 2, 1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(),
                nn.Conv2d(after, after, 3, 1, 1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(),
            )
            for before, after in itertools.pairwise(widths)
        )
        self.heads = nn.ModuleList(nn.Linear(2 * _WIDTHS[-1], len(values)) for values in ATTRIBUTES.values())

    def features(self, pictures: Tensor) -> list[Tensor]:
        """Return the output of each stage.

        Args:
            pictures: (N, 3, H, W) float in -1..1; H and W are multiples of 16.
        """
        outputs = []
        for stage in self.stages:
            pictures = stage(pictures)
            outputs.append(pictures)
        return outputs

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Return the logits of every attribute, in the order of ATTRIBUTES: (N, values) each."""
        pooled = _pooled(self.features(pictures)[-1])
        return [head(pooled) for head in self.heads]

    @torch.inference_mode()
    def read(self, pixels: Pixels) -> NDArray[np.int64]:
        """Return the most likely value of every attribute: (N, attributes) indices into the values of ATTRIBUTES."""
        found = [torch.stack([logits.argmax(1) for logits in self(part)], 1).numpy() for part in _parts(pixels)]
        return np.concatenate(found)

    @torch.inference_mode()
    def embed(self, pixels: Pixels) -> NDArray[np.float64]:
        """Return the input of the heads, for Fréchet distances: (N, 256) float64."""
        found = [_pooled(self.features(part)[-1]).double().numpy() for part in _parts(pixels)]
        return np.concatenate(found)

    @torch.inference_mode()
    def distance(self, first: Pixels, second: Pixels) -> NDArray[np.float64]:
        """Return how different pairs of pictures look: (N,) float64, 0 for equal pictures, at most 1.

        It is the mean over stages and positions of half the squared difference of the unit feature vectors, as in LPIPS
        (Zhang et al. 2018, eq. 1) with equal weights: 1 minus their cosine.
        """
        pairs = zip(_parts(first), _parts(second), strict=True)
        return np.concatenate([self._distance(a, b).double().numpy() for a, b in pairs])

    def _distance(self, first: Tensor, second: Tensor) -> Tensor:
        distances = [
            (1 - F.cosine_similarity(a + 1e-4, b + 1e-4, dim=1)).mean((1, 2))
            for a, b in zip(self.features(first), self.features(second), strict=True)
        ]
        return torch.stack(distances).mean(0).clamp(min=0)


def load_classifier(path: Path = WEIGHTS) -> Classifier:
    """Return a trained classifier, on the CPU in float32.

    Args:
        path: Its weights; by default those that measure the model that ships.
    """
    classifier = Classifier()
    classifier.load_state_dict(
        {key: value.float() if value.is_floating_point() else value for key, value in load_file(path).items()}
    )
    return classifier.eval()


def _pooled(features: Tensor) -> Tensor:
    return torch.cat([features.mean((2, 3)), features.amax((2, 3))], 1)


def _parts(pixels: Pixels) -> Iterable[Tensor]:
    for first in range(0, len(pixels), 64):
        yield torch.from_numpy(np.array(pixels[first : first + 64])).permute(0, 3, 1, 2).float() / 127.5 - 1
