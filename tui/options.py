"""What the options mean: a frozen target, checked before anything is loaded."""

from __future__ import annotations

import argparse
import secrets
from dataclasses import dataclass, replace

from engine.models.defaults import ModelDefaults
from engine.models.find import model_entry, model_identity, quantised_of, recorded_loras, recorded_model, recorded_vae
from engine.models.resolve import NONE, defaults_of, resolve_lora, resolve_model, resolve_preview_vae, resolve_vae
from engine.models.samplers import recorded_scheduler
from engine.models.schedulers import scheduler_settings
from engine.rendering.requests import LoadModel, ModelChoice
from engine.rendering.settings import RenderSettings
from latentpng.record import Json, JsonObject, LatentRecord


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What renders, and how: the model, its defaults, the settings, where it runs.

    made_with, attention_then: the (device, dtype) and the attention that the picture to go on from records.
    notice: "", or what of its model is not as it was.
    """

    model: ModelChoice
    defaults: ModelDefaults
    settings: RenderSettings
    device: str
    dtype: str
    micro_batch: int
    made_with: tuple[str, str] = ("", "")
    preview_vae: str = ""
    attention: str = "auto"
    attention_then: str = ""
    memory: str = "auto"
    compile: bool = False
    notice: str = ""

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
            preview_vae=self.preview_vae,
            attention=self.attention,
            attention_then=self.attention_then,
            memory=self.memory,
            compile=self.compile,
        )


def asked_model(options: argparse.Namespace) -> ModelChoice:
    """What --model and --config name, without what is laid over it.  ModelError."""
    other_vae = options.vae not in ("", NONE)
    return resolve_model(options.model, config=options.config, download=options.download, other_vae=other_vae)


def target_for_prompt(options: argparse.Namespace, prompt: str) -> Target:
    """What renders a new prompt.  ModelError, InvalidRequestError."""
    model = with_parts(options, asked_model(options), None)
    defaults = defaults_of(model)
    return _target(options, model, defaults, defaults.settings(prompt))


def target_for_record(options: argparse.Namespace, record: LatentRecord) -> Target:
    """What renders a picture again, with what the options change.  ModelError, InvalidRequestError."""
    recorded = model_entry(record.settings)
    model = asked_model(options) if options.model else recorded_model(recorded)
    model = with_parts(options, model, recorded)
    defaults = defaults_of(model)
    settings = RenderSettings.from_json(_with_known_scheduler(options, record), defaults=defaults.settings(""))
    target = _target(options, model, defaults, settings)
    memory = quantised_of(recorded) or target.memory if target.memory == "auto" else target.memory
    return replace(
        target,
        made_with=(str(record.software.get("device", "")), str(record.settings.get("dtype", ""))),
        attention_then=str(record.software.get("attention", "")),
        memory=memory,
        notice=_notice(record, model, memory),
    )


def draw_seed() -> int:
    """A seed by chance, short enough to type."""
    return secrets.randbits(32)


def with_parts(options: argparse.Namespace, model: ModelChoice, recorded: Json) -> ModelChoice:
    """The model with its LoRA files and VAE: those of the options, else those that a file records."""
    named = options.lora
    loras = recorded_loras(recorded) if named is None else tuple(map(resolve_lora, () if named == [NONE] else named))
    vae = recorded_vae(recorded) if not options.vae else "" if options.vae == NONE else resolve_vae(options.vae)
    return replace(model, loras=loras, vae=vae)


def _notice(record: LatentRecord, model: ModelChoice, memory: str) -> str:
    """What of the model is not as it was when the picture was made; of a model still to be downloaded, nothing."""
    from engine.compare import model_differences, prompt_trouble  # numpy: the first paint waits for none

    recorded = model_entry(record.settings)
    differing = () if model.download else model_differences(recorded, model_identity(model, memory))
    changed = f"not as this picture was made: {'; '.join(differing)}" if differing else ""
    return "; ".join(filter(None, (changed, prompt_trouble(record))))


def _with_known_scheduler(options: argparse.Namespace, record: LatentRecord) -> JsonObject:
    """The recorded settings, with another tool's sampler by its name here, unless an option names one."""
    recorded = dict(record.settings)
    scheduler = recorded.pop("scheduler", None)
    if scheduler is not None and getattr(options, "scheduler", None) is None:
        recorded["scheduler"] = recorded_scheduler(scheduler)
    return recorded


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
        num_inference_steps=settings.num_inference_steps if chosen["steps"] is None else chosen["steps"],
        guidance_scale=settings.guidance_scale if chosen["guidance"] is None else chosen["guidance"],
        scheduler=settings.scheduler if chosen["scheduler"] is None else scheduler_settings(chosen["scheduler"]),
        step_seed=settings.step_seed,
        guidance_rescale=settings.guidance_rescale,
    )
    return Target(
        model=model,
        defaults=defaults,
        settings=settings,
        device=options.device,
        dtype=options.dtype,
        micro_batch=1 if options.strict else options.batch,
        preview_vae=resolve_preview_vae(options.preview_vae) if options.preview_vae else "",
        attention=options.attention,
        memory=options.memory,
        compile=options.compile,
    )
