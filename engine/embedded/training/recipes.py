"""The plans of training runs: how many pictures there are, and how long each stage learns on which machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.embedded.training.loop import Budget, Recipe


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The sizes of a run.  Budgets are for the machine that a plan is named after; a slower one needs more minutes."""

    pictures: int
    classifier: Recipe
    autoencoder: Recipe
    text: Recipe
    decoder: Recipe
    unet: Recipe


def _recipe(rate: float, batch: int, steps: int, minutes: float, ema: float, **others: Any) -> Recipe:
    return Recipe(rate=rate, batch=batch, budget=Budget(steps=steps, minutes=minutes), ema=ema, **others)


_NEVER = 10**9
PLANS = {
    # two cores: about four hours in all
    "cpu": Plan(
        pictures=60_000,
        classifier=_recipe(2e-3, 48, _NEVER, 7, 0.99, decay=0.7),
        autoencoder=_recipe(1.5e-3, 16, _NEVER, 22, 0.998, decay=0.5, weight_decay=1e-3),
        text=_recipe(1e-3, 128, _NEVER, 4, 0.99),
        decoder=_recipe(1e-3, 16, _NEVER, 22, 0.998, weight_decay=1e-3),
        unet=_recipe(1e-3, 32, _NEVER, 150, 0.999),
    ),
    # one large GPU: not tried yet, sized by published throughput
    "gpu": Plan(
        pictures=300_000,
        classifier=_recipe(2e-3, 256, 4_000, 3, 0.99, decay=0.7),
        autoencoder=_recipe(1.5e-3, 64, 16_000, 7, 0.999, decay=0.5, weight_decay=1e-3),
        text=_recipe(1e-3, 512, 2_000, 2, 0.99),
        decoder=_recipe(1e-3, 64, 6_000, 3, 0.999, weight_decay=1e-3),
        unet=_recipe(1.2e-3, 768, 10_000, 12, 0.9995, warm_up=500),
    ),
    # a few seconds: shows that every stage runs; the model is useless
    "tiny": Plan(
        pictures=64,
        classifier=_recipe(1e-3, 8, 3, 5, 0.5),
        autoencoder=_recipe(1e-3, 4, 5, 5, 0.5),
        text=_recipe(1e-3, 8, 3, 5, 0.5),
        decoder=_recipe(1e-3, 4, 3, 5, 0.5),
        unet=_recipe(1e-3, 8, 3, 5, 0.5),
    ),
}
STAGES = ("pictures", "classifier", "judge", "autoencoder", "words", "latents", "unet", "decoder", "export")
DEFAULT_FOLDER = Path("training-run")
