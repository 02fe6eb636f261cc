"""What the options mean: a frozen target, checked before anything is loaded."""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine.errors import ModelProblem
from engine.families import ModelDefaults
from engine.models import NO_MODEL, defaults_of, find_model, resolve_model
from engine.plan import LoadModel, ModelChoice
from engine.samplers import recorded_scheduler
from engine.schedulers import scheduler_settings
from engine.settings import RenderSettings
from latentpng.record import LatentRecord
from latentpng.text import plain


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What renders, and how: the model, its defaults, the settings, where it runs.

    made_with: (device, dtype) that the picture to go on from records.
    """

    model: ModelChoice
    defaults: ModelDefaults
    settings: RenderSettings
    device: str
    dtype: str
    micro_batch: int
    made_with: tuple[str, str] = ("", "")

    @property
    def load(self) -> LoadModel:
        """What the renderer is asked to load for it."""
        return LoadModel(
            model=self.model,
            settings=self.settings,
            device=self.device,
            dtype=self.dtype,
            micro_batch=self.micro_batch,
            made_with=self.made_with,
        )


def target_for_prompt(options: argparse.Namespace, prompt: str) -> Target:
    """What renders a new prompt.  ModelProblem, InvalidRequest."""
    model = resolve_model(options.model, config=options.config, download=options.download)
    defaults = defaults_of(model)
    return _target(options, model, defaults, defaults.settings(prompt))


def target_for_record(options: argparse.Namespace, record: LatentRecord) -> Target:
    """What renders a picture again, with what the options change.  ModelProblem, InvalidRequest."""
    if options.model:
        model = resolve_model(options.model, config=options.config, download=options.download)
    else:
        model = _recorded_model(record)
    defaults = defaults_of(model)
    recorded = dict(record.settings)
    if "scheduler" in recorded and getattr(options, "scheduler", None) is None:
        recorded["scheduler"] = recorded_scheduler(recorded["scheduler"])
    else:
        recorded.pop("scheduler", None)
    settings = RenderSettings.from_json(recorded, defaults=defaults.settings(""))
    made_with = (str(record.software.get("device", "")), str(record.settings.get("dtype", "")))
    return replace(_target(options, model, defaults, settings), made_with=made_with)


def draw_seed() -> int:
    """A seed by chance, short enough to type."""
    return secrets.randbits(32)


def _recorded_model(record: LatentRecord) -> ModelChoice:
    """The model that made a picture, where this machine has it."""
    model, confirmed = record.settings.get("model"), record.settings.get("confirmed")
    found = find_model(model)
    if found == NO_MODEL and isinstance(confirmed, Mapping):
        found = find_model(confirmed.get("model"))
    if found == NO_MODEL:
        name = model.get("name") if isinstance(model, Mapping) else None
        made = f"this picture was made with the model {plain(str(name), 80)!r}" if name else "no model is recorded"
        raise ModelProblem(f"{made}, which is not known on this machine: say which one to use with --model")
    return found


def _target(
    options: argparse.Namespace, model: ModelChoice, defaults: ModelDefaults, settings: RenderSettings
) -> Target:
    width, height = options.size if getattr(options, "size", None) else (settings.width, settings.height)
    chosen = {name: getattr(options, name, None) for name in ("negative", "steps", "guidance", "scheduler")}
    settings = RenderSettings(
        prompt=settings.prompt,
        negative_prompt=settings.negative_prompt if chosen["negative"] is None else chosen["negative"],
        width=width,
        height=height,
        steps=settings.steps if chosen["steps"] is None else chosen["steps"],
        guidance=settings.guidance if chosen["guidance"] is None else chosen["guidance"],
        scheduler=settings.scheduler if chosen["scheduler"] is None else scheduler_settings(chosen["scheduler"]),
        step_seed=settings.step_seed,
    )
    return Target(
        model=model,
        defaults=defaults,
        settings=settings,
        device=options.device,
        dtype=options.dtype,
        micro_batch=1 if options.strict else options.batch,
    )
