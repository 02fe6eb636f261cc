"""Trains the classifiers on drawn scenes, some of them blurred or noisy, so that they judge a model's soft edges too.

There are two.  The features of "classifier" are the perceptual loss of the autoencoder and its decoder.  "judge" ships,
and measures the model: it shares neither weights nor batches with the other, and no loss ever uses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

from engine.embedded.training.classifier import UNKNOWN, Classifier, labels
from engine.embedded.training.data import pictures
from engine.embedded.training.loop import Loop, Recipe
from engine.embedded.training.ranks import Rank, half_precision
from engine.embedded.training.scenes.scene import sample_scene


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainClassifier:
    """The stage that trains a classifier.

    Attributes:
        folder: The folder of the run.
        recipe: How it learns.
        name: "classifier" or "judge".
    """

    folder: Path
    recipe: Recipe
    name: str = "classifier"

    def __call__(self, rank: Rank) -> None:
        """Train, then write `NAME.safetensors` (float16) into the folder of the run."""
        torch.manual_seed(len(self.name))
        drawn, device = pictures(self.folder), rank.device
        targets = torch.tensor([labels(sample_scene(k)) for k in range(len(drawn))])
        classifier = Classifier().to(device)
        classifier.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch types no such module
        loop = Loop(self.name, self.folder, rank, self.recipe, {"classifier": classifier})
        for _ in loop:
            random = loop.numpy_random()
            chosen = np.sort(random.choice(len(drawn), self.recipe.batch, replace=False))
            seen = _augmented(torch.from_numpy(drawn[chosen]).permute(0, 3, 1, 2).float() / 127.5 - 1, random)
            with half_precision(device):
                logits = classifier(seen.to(device, memory_format=torch.channels_last))
            expected = targets[chosen].to(device)
            losses = [_cross_entropy(each.float(), expected[:, k]) for k, each in enumerate(logits)]
            loop.learn(torch.stack(losses).sum())
        if rank.index == 0:
            weights = {k: v.half() if v.is_floating_point() else v for k, v in loop.averaged("classifier").items()}
            save_file(weights, self.folder / f"{self.name}.safetensors")


def _cross_entropy(logits: Tensor, expected: Tensor) -> Tensor:
    known = expected != UNKNOWN
    return F.cross_entropy(logits[known], expected[known]) if known.any() else logits.sum() * 0


def _augmented(seen: Tensor, random: np.random.Generator) -> Tensor:
    """Blur, mirror and add noise at random, to a batch as a whole."""
    if random.random() < 0.4:
        seen = F.avg_pool2d(F.pad(seen, (1, 1, 1, 1), mode="replicate"), 3, 1)
    if random.random() < 0.5:
        seen = seen.flip(3)
    noise = torch.from_numpy(random.standard_normal(seen.shape, np.float32))
    return seen + 0.04 * float(random.random()) * noise
