"""The training loop that all stages share: learning rate, averaged gradients and weights, checkpoints, progress.

A run that was stopped continues from its last checkpoint.  The random numbers of a step depend on the stage, the step
and the process alone, never on how often the run was stopped.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from engine.embedded.training.log import log
from engine.embedded.training.ranks import Rank

_CHECKPOINT_SECONDS = 120.0
_LOG_SECONDS = 30.0
_EMA_EVERY = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """How long a stage trains: until its steps or its minutes are used up, whichever comes first."""

    steps: int
    minutes: float = math.inf


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """How a stage learns, with AdamW.

    Attributes:
        rate: The learning rate after the warm-up.
        budget: How long it trains.
        batch: The batch size of one process.
        ema: The decay of the averaged weights for each step.
        decay: The last share of the budget, in which the rate falls along a cosine to a hundredth.
        warm_up: The steps in which the rate rises from 0.
        weight_decay: Of AdamW.
    """

    rate: float
    budget: Budget
    batch: int
    ema: float = 0.998
    decay: float = 0.6
    warm_up: int = 100
    weight_decay: float = 0.01


class Loop:
    """Trains modules: `for progress in loop: loop.learn(loss)`, then `loop.averaged(...)`."""

    def __init__(self, name: str, folder: Path, rank: Rank, recipe: Recipe, modules: Mapping[str, nn.Module]) -> None:
        """Create the loop of a stage, and load its checkpoint if there is one.

        Args:
            name: Of the stage; it names the checkpoint.
            folder: The folder of the run.
            rank: This process.
            recipe: How the stage learns.
            modules: What is trained, by name.
        """
        self.rank, self.recipe, self.step = rank, recipe, 0
        self._name, self._checkpoint, self._modules = name, folder / f"{name}.checkpoint.pt", modules
        self.parameters = [p for module in modules.values() for p in module.parameters() if p.requires_grad]
        self._optimizer = torch.optim.AdamW(
            [p for module in modules.values() for p in module.parameters()],
            lr=recipe.rate,
            betas=(0.9, 0.99),
            weight_decay=recipe.weight_decay,
            fused=True,
        )
        self._spent = 0.0
        self._figures: dict[str, list[float]] = defaultdict(list)
        self._ema = {name: _copy(module) for name, module in modules.items()}
        if self._checkpoint.exists():
            self._restore()

    def __iter__(self) -> Iterator[float]:
        """Yield the used share of the budget, 0 to 1, once for each step."""
        started = self._saved = self._logged = time.monotonic()
        before = self._spent
        for module in self._modules.values():
            module.train()
        while True:
            self._spent = self.rank.agree(before + time.monotonic() - started)
            budget = self.recipe.budget
            progress = max(self.step / budget.steps, self._spent / 60 / budget.minutes)
            if progress >= 1:
                break
            self._set_rate(progress)
            yield progress
            self._report(progress)
        self.save()

    def numpy_random(self) -> np.random.Generator:
        """Return the generator that draws the batch of this step."""
        return np.random.default_rng([self.rank.index, self.step, len(self._name)])

    def torch_random(self) -> torch.Generator:
        """Return the generator that draws the noise of this step, on the CPU."""
        return torch.Generator().manual_seed(self.step * self.rank.world + self.rank.index)

    def learn(self, loss: Tensor, **figures: float) -> None:
        """Do one optimiser step.

        Args:
            loss: A scalar; its gradients are averaged over the processes and clipped to norm 1.
            figures: Numbers for the log.
        """
        loss.backward()  # type: ignore[no-untyped-call]  # torch types no such method
        self.rank.average_gradients(self.parameters)
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        self.step += 1
        if self.rank.index == 0 and self.step % _EMA_EVERY == 0:
            self._average()
        for name, value in {"loss": loss.item(), **figures}.items():
            self._figures[name].append(value)

    def averaged(self, name: str) -> dict[str, Tensor]:
        """Return the averaged weights of a module, contiguous; valid in the first process only."""
        return {key: value.contiguous() for key, value in self._ema[name].items()}

    def _set_rate(self, progress: float) -> None:
        recipe = self.recipe
        late = max(0.0, (progress - (1 - recipe.decay)) / recipe.decay)
        factor = max(0.01, 0.5 * (1 + math.cos(math.pi * late)))
        for group in self._optimizer.param_groups:
            group["lr"] = recipe.rate * min(1.0, (self.step + 1) / recipe.warm_up) * factor

    # The exponential moving average of the weights is what a stage returns: it is less noisy than the last step.  Its
    # decay grows with the steps, so that the random start is soon forgotten.
    @torch.no_grad()
    def _average(self) -> None:
        decay = min(self.recipe.ema, (self.step + 1) / (self.step + 20)) ** _EMA_EVERY
        for name, module in self._modules.items():
            for key, value in module.state_dict().items():
                if value.is_floating_point():
                    self._ema[name][key].lerp_(value, 1 - decay)
                else:
                    self._ema[name][key].copy_(value)

    def _report(self, progress: float) -> None:
        if self.rank.index:
            return
        now = time.monotonic()
        if now - self._logged > _LOG_SECONDS:
            means = " ".join(f"{name} {np.nanmean(values):.4f}" for name, values in self._figures.items())
            log(f"{self._name}: {progress:6.1%} step {self.step} {means}")
            self._figures.clear()
            self._logged = now
        if now - self._saved > _CHECKPOINT_SECONDS:
            self.save()
            self._saved = now

    def save(self) -> None:
        """Write the checkpoint; other processes than the first do nothing."""
        if self.rank.index:
            return
        state = {
            "modules": {name: module.state_dict() for name, module in self._modules.items()},
            "optimizer": self._optimizer.state_dict(),
            "ema": self._ema,
            "step": self.step,
            "spent": self._spent,
        }
        part = self._checkpoint.with_suffix(".part")
        torch.save(state, part)
        part.replace(self._checkpoint)

    def _restore(self) -> None:
        state = torch.load(self._checkpoint, map_location=self.rank.device, weights_only=True)
        for name, module in self._modules.items():
            module.load_state_dict(state["modules"][name])
        self._optimizer.load_state_dict(state["optimizer"])
        self._ema, self.step, self._spent = state["ema"], state["step"], state["spent"]


def _copy(module: nn.Module) -> dict[str, Tensor]:
    return {key: value.detach().clone() for key, value in module.state_dict().items()}
