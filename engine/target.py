"""From options and a picture's record to what renders it: one frozen target, checked before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.compare import model_differences, prompt_notice
from engine.models.defaults import ModelDefaults
from engine.models.find import (
    model_entry,
    model_identity,
    quantised_of,
    recorded_loras,
    recorded_model,
    recorded_vae,
    same_weights,
    with_recorded_prediction,
)
from engine.models.loras import resolve_lora
from engine.models.notices import model_notices
from engine.models.resolve import NONE, defaults_of, resolve_model, resolve_preview_vae, resolve_vae
from engine.models.samplers import recorded_scheduler
from engine.models.schedulers import scheduler_settings
from engine.options import Options
from engine.rendering.requests import LoadModel, ModelChoice
from engine.rendering.settings import RenderSettings
from latentpng.record import Json, JsonObject, LatentRecord


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """The model to load and the settings to render with.

    Attributes:
        load: The request that loads the model; its settings are those of the pictures.
        defaults: The defaults of the model.
        notice: How the model differs from the one that made the picture, as a sentence; "" when it does not.
        is_as_recorded: True when rendering the picture again is expected to give the pixels in its file: the same
            weights and the same settings.  False for a new prompt.
    """

    load: LoadModel
    defaults: ModelDefaults
    notice: str = ""
    is_as_recorded: bool = False

    @property
    def settings(self) -> RenderSettings:
        """The settings of the pictures."""
        return self.load.settings

    def with_settings(self, settings: RenderSettings) -> Target:
        """Return the same target with different settings."""
        return replace(self, load=replace(self.load, settings=settings))


def model_of(options: Options) -> ModelChoice:
    """Return the model that the options name, with its LoRA files and VAE; the embedded model when they name none.

    Raises:
        ModelError: A file or folder is missing or cannot be used.
    """
    return _with_parts(options, _named_model(options), None)


def target_for_prompt(options: Options, prompt: str) -> Target:
    """Return what renders a new prompt.

    Raises:
        ModelError: The model cannot be used.
        InvalidRequestError: A setting is out of range.
    """
    model = model_of(options)
    defaults = defaults_of(model)
    load = _load(options, model, defaults.settings(prompt))
    return Target(load=load, defaults=defaults, notice="; ".join(model_notices(model)))


def target_for_record(options: Options, record: LatentRecord) -> Target:
    """Return what renders a picture again, with what the options change.

    Raises:
        ModelError: The model cannot be used, or this machine does not have it (UnknownModelError).
        InvalidRequestError: A setting is out of range or of the wrong kind.
    """
    recorded = model_entry(record.settings)
    model = _named_model(options) if options.model else _recorded_model(options, recorded)
    model = with_recorded_prediction(_with_parts(options, model, recorded), recorded)
    defaults = defaults_of(model)
    settings = RenderSettings.from_json(_with_known_scheduler(options, record), defaults=defaults.settings(""))
    load = _load(options, model, settings)
    load = replace(
        load,
        made_with=(str(record.software.get("device", "")), str(record.settings.get("dtype", ""))),
        attention_then=str(record.software.get("attention", "")),
        memory=quantised_of(recorded) or load.memory if load.memory == "auto" else load.memory,
    )
    identity = {} if model.download else model_identity(model, load.memory)  # unknown before it is downloaded
    prompt = prompt_notice(record)
    return Target(
        load=load,
        defaults=defaults,
        notice="; ".join(filter(None, (_model_notice(recorded, identity), prompt, *model_notices(model)))),
        is_as_recorded=not prompt and _is_as_recorded(record, identity, load.settings),
    )


def _named_model(options: Options) -> ModelChoice:
    other_vae = options.vae not in ("", NONE)
    return resolve_model(
        options.model,
        config=options.config,
        download=options.download,
        other_vae=other_vae,
        text_encoders=options.text_encoders,
        prediction=options.prediction,
    )


def _recorded_model(options: Options, recorded: Json) -> ModelChoice:
    """Return the model that a picture records, with the text encoders of the options in place of its own."""
    model = recorded_model(recorded)
    if not options.text_encoders:
        return model
    return resolve_model(
        model.path,
        config=model.config,
        text_encoders=options.text_encoders,
        prediction=model.prediction,
        other_vae=True,  # the picture records it if the file lacks one
    )


def _with_parts(options: Options, model: ModelChoice, recorded: Json) -> ModelChoice:
    """Return the model with the LoRA files and VAE of the options, else with those that the file records."""
    named = () if options.loras == (NONE,) else options.loras
    loras = tuple(map(resolve_lora, named)) if options.loras else recorded_loras(recorded)
    vae = recorded_vae(recorded) if not options.vae else "" if options.vae == NONE else resolve_vae(options.vae)
    return replace(model, loras=loras, vae=vae or model.vae)


def _load(options: Options, model: ModelChoice, settings: RenderSettings) -> LoadModel:
    return LoadModel(
        model=model,
        settings=_changed(settings, options),
        device=options.device,
        dtype=options.dtype,
        micro_batch=1 if options.strict else options.batch,
        preview_vae=resolve_preview_vae(options.preview_vae) if options.preview_vae else "",
        attention=options.attention,
        memory=options.memory,
        compile=options.compile,
    )


def _changed(settings: RenderSettings, options: Options) -> RenderSettings:
    width, height = options.size or (settings.width, settings.height)
    negative, steps, guidance = options.negative_prompt, options.num_inference_steps, options.guidance_scale
    return replace(
        settings,
        width=width,
        height=height,
        negative_prompt=settings.negative_prompt if negative is None else negative,
        num_inference_steps=settings.num_inference_steps if steps is None else steps,
        guidance_scale=settings.guidance_scale if guidance is None else guidance,
        scheduler=settings.scheduler if options.scheduler is None else scheduler_settings(options.scheduler),
        prompt_style=options.prompt_style or settings.prompt_style,
        clip_skip=settings.clip_skip if options.clip_skip is None else options.clip_skip,
    )


def _with_known_scheduler(options: Options, record: LatentRecord) -> JsonObject:
    """Return the recorded settings; a sampler of another tool is translated, unless an option replaces it anyway."""
    recorded = dict(record.settings)
    scheduler = recorded.pop("scheduler", None)
    if scheduler is not None and options.scheduler is None:
        recorded["scheduler"] = recorded_scheduler(scheduler)
    return recorded


def _model_notice(recorded: Json, identity: JsonObject) -> str:
    differing = model_differences(recorded, identity) if identity else ()
    return f"some conditions differ from when this picture was made: {'; '.join(differing)}" if differing else ""


def _is_as_recorded(record: LatentRecord, identity: JsonObject, settings: RenderSettings) -> bool:
    return (
        bool(identity)
        and RenderSettings.from_json(record.settings, defaults=settings) == settings
        and same_weights(record.settings.get("model"), identity)
    )
