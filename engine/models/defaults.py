"""The default settings of a model: from its own `warmer.json`, else from its family, else a fallback.

`warmer.json` is a file in the model's folder; every entry may be left out:
`{"width": 128, "height": 128, "steps": 6, "guidance": 2.0, "scheduler": "UniPC", "scale": 0.7, "prompts": ["..."]}`;
`"other_steps"`, the steps with any scheduler but that one; and `"preview"`, the linear map from latents to colours: a
row of red, green, blue for each latent channel, and a last row that is added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.errors import EngineError, ModelError
from engine.models.index_file import read_index
from engine.models.json_files import read_config
from engine.models.model_names import distilled, likely_pipeline, named_steps
from engine.models.picture_sizes import usual_size
from engine.models.schedulers import scheduler_settings
from engine.models.signatures import SIGNATURES
from engine.rendering.settings import MAX_STEPS, RenderSettings, SchedulerSettings
from latentpng.json_fields import JsonFields
from latentpng.record import Json

DEFAULTS_FILE = "warmer.json"
_MAX_PROMPTS, _MAX_PROMPT, _MAX_ROWS, _MAX_COLOUR = 64, 2000, 256, 1e6


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelDefaults:
    """The settings to begin with, until the user chooses others.

    Attributes:
        width: Pixels.
        height: Pixels.
        num_inference_steps: Denoising steps with this scheduler.
        guidance_scale: Guidance scale.
        scheduler: The scheduler; the model's own unless it is named.
        other_steps: Denoising steps with any other scheduler; 0 for as many as with this one.
        scale: The scale of the first round of variations, above 0 and at most 1.
        prompts: Examples of what the model can draw.
    """

    width: int
    height: int
    num_inference_steps: int
    guidance_scale: float
    scheduler: SchedulerSettings = field(default_factory=SchedulerSettings)
    other_steps: int = 0
    scale: float = 0.4
    prompts: tuple[str, ...] = ()

    def settings(self, prompt: str, scheduler: SchedulerSettings | None = None) -> RenderSettings:
        """Return these defaults as the settings of a prompt.

        Args:
            prompt: The prompt.
            scheduler: A scheduler that was chosen, with the steps that it needs; None for the default.
        """
        chosen = self.scheduler if scheduler is None else scheduler
        steps = self.num_inference_steps if chosen == self.scheduler else self.other_steps or self.num_inference_steps
        return RenderSettings(
            prompt=prompt,
            width=self.width,
            height=self.height,
            num_inference_steps=steps,
            guidance_scale=self.guidance_scale,
            scheduler=chosen,
        )

    @property
    def recorded(self) -> RenderSettings:
        """What completes the settings of a picture that records only some: without a scheduler, the model's own."""
        return self.settings("", SchedulerSettings())


_PROMPTS = (
    "a lighthouse on a cliff at dusk, oil painting",
    "a fox asleep in tall grass, morning light",
    "a narrow street in the rain, neon signs",
    "a bowl of lemons on a blue table, still life",
    "an old astronomer's study, candlelight",
)


def _family(side: int, steps: int, guidance: float) -> ModelDefaults:
    return ModelDefaults(width=side, height=side, num_inference_steps=steps, guidance_scale=guidance, prompts=_PROMPTS)


FALLBACK = _family(1024, 30, 4.5)

FAMILIES: Mapping[str, ModelDefaults] = MappingProxyType(
    {
        "AuraFlowPipeline": _family(1024, 40, 3.5),
        "ChromaPipeline": _family(1024, 35, 5.0),
        "CogView4Pipeline": _family(1024, 40, 3.5),
        "FluxPipeline": _family(1024, 28, 3.5),
        "Flux2Pipeline": _family(1024, 28, 4.0),
        "HiDreamImagePipeline": _family(1024, 40, 5.0),
        "HunyuanDiTPipeline": _family(1024, 40, 5.0),
        "HunyuanImagePipeline": _family(2048, 50, 3.5),
        "IFPipeline": _family(64, 100, 7.0),
        "KolorsPipeline": _family(1024, 40, 5.0),
        "LatentConsistencyModelPipeline": _family(768, 4, 8.5),
        "LDMTextToImagePipeline": _family(256, 50, 5.0),
        "Lumina2Pipeline": _family(1024, 40, 4.0),
        "PixArtAlphaPipeline": _family(1024, 20, 4.5),
        "PixArtSigmaPipeline": _family(1024, 20, 4.5),
        "PRXPipeline": _family(512, 28, 4.0),
        "QwenImagePipeline": _family(1024, 40, 4.0),
        "SanaPipeline": _family(1024, 20, 4.5),
        "SanaSprintPipeline": _family(1024, 2, 4.5),
        "StableDiffusionPipeline": _family(512, 25, 7.5),
        "StableDiffusion3Pipeline": _family(1024, 28, 4.5),
        "StableDiffusionXLPipeline": _family(1024, 25, 5.0),
        "ZImagePipeline": _family(1024, 30, 4.0),
    }
)
"""By the pipeline's class, from the model cards; the other classes have what their signatures say."""


def class_defaults(pipeline: str) -> ModelDefaults:
    """Return what is known of a pipeline's class: from its family, else from its signature, else a fallback."""
    if pipeline in FAMILIES or pipeline not in SIGNATURES:
        return FAMILIES.get(pipeline, FALLBACK)
    steps, guidance, width, height = SIGNATURES[pipeline]
    family = _family(FALLBACK.width, steps, guidance)
    return replace(family, width=width, height=height) if width and height else family


def family_defaults(pipeline: str, name: str, scheduler: Mapping[str, Any] = MappingProxyType({})) -> ModelDefaults:
    """Return what is known of a pipeline's class, and of a model's name like "sdxl-turbo".

    Args:
        pipeline: The class; "" guesses it from the name.
        name: The name of the model.
        scheduler: The configuration of its scheduler; one that was made for few steps stays.
    """
    pipeline = pipeline or likely_pipeline(name)
    defaults, known = class_defaults(pipeline), distilled(pipeline, name)
    if known is None:
        return defaults
    return replace(
        defaults,
        width=known.side or defaults.width,
        height=known.side or defaults.height,
        num_inference_steps=named_steps(name) or known.steps,
        guidance_scale=known.guidance,
        scheduler=defaults.scheduler if _is_for_few_steps(scheduler) else known.scheduler,
    )


def folder_defaults(folder: Path, name: str) -> ModelDefaults:
    """Return what a diffusers folder and a model's name tell: its size, its steps and its guidance.

    Args:
        folder: The model's folder, or the folder that configures a single file.
        name: The name of the model.

    Raises:
        ModelError: The index cannot be read.
    """
    index = read_index(folder)
    pipeline = str(index.get("_class_name"))
    file = folder / "scheduler" / "scheduler_config.json"
    defaults = family_defaults(pipeline, name, read_config(file) if file.is_file() else {})
    if isinstance(index.get("is_distilled"), bool) and pipeline in _DISTILLED_BY_INDEX:
        known = _DISTILLED_BY_INDEX[pipeline] if index["is_distilled"] else class_defaults(pipeline)
        steps = named_steps(name) or known.num_inference_steps
        defaults = replace(defaults, num_inference_steps=steps, guidance_scale=known.guidance_scale)
    if isinstance(sigmas := index.get("sample_sigmas"), list) and sigmas:
        defaults = replace(defaults, num_inference_steps=len(sigmas))
    width, height = usual_size(folder, index)
    is_forced = defaults.width < class_defaults(pipeline).width
    return defaults if is_forced or not width else replace(defaults, width=width, height=height)


_DISTILLED_BY_INDEX: Mapping[str, ModelDefaults] = MappingProxyType(
    {"Flux2KleinPipeline": _family(1024, 4, 1.0), "Krea2Pipeline": _family(1024, 8, 0.0)}
)
"""Classes whose index says whether the model is distilled, and what that means for steps and guidance."""


def _is_for_few_steps(scheduler: Mapping[str, Any]) -> bool:
    """Return whether a scheduler was made for few steps, or is the only one that its model can use (EDM)."""
    kind, spacing = str(scheduler.get("_class_name", "")), scheduler.get("timestep_spacing")
    return kind.startswith(("LCM", "TCD", "EDM")) or spacing == "trailing"


def carried_defaults(folder: Path, known: ModelDefaults) -> ModelDefaults:
    """Return the defaults of a folder: its `warmer.json`, completed by what is known of its family.

    Raises:
        ModelError: `warmer.json` cannot be read, or one of its values is wrong.
    """
    file = folder / DEFAULTS_FILE
    if not file.is_file():
        return known
    entries = read_config(file)
    fields = JsonFields(entries, error=ModelError)
    try:
        checked = RenderSettings.from_json(
            {name: entries[name] for name in ("width", "height", "steps", "guidance") if name in entries},
            defaults=known.settings(""),
        )
        return ModelDefaults(
            width=checked.width,
            height=checked.height,
            num_inference_steps=checked.num_inference_steps,
            guidance_scale=checked.guidance_scale,
            scheduler=scheduler_settings(fields.text("scheduler", "")),
            other_steps=_other_steps(fields.integer("other_steps", 0)),
            scale=_scale(fields.number("scale", known.scale)),
            prompts=_prompts(fields.array("prompts", list(known.prompts))),
        )
    except EngineError as error:
        raise ModelError(f"{DEFAULTS_FILE} of the model {folder.name!r} is wrong: {error}") from error


def carried_preview(folder: Path) -> tuple[tuple[float, ...], ...]:
    """Return the linear map from latents to colours in the model's `warmer.json`.

    Returns:
        A row of red, green, blue (0 to 255) for each latent channel, and a last row that is added; () without a map.

    Raises:
        ModelError: The rows are wrong.
    """
    file = folder / DEFAULTS_FILE
    rows = read_config(file).get("preview", []) if file.is_file() else []
    wrong = f"{DEFAULTS_FILE} of the model {folder.name!r} is wrong: preview is rows of three numbers"
    try:
        colours = tuple(tuple(float(value) for value in row) for row in rows[:_MAX_ROWS])
    except (TypeError, ValueError, OverflowError, KeyError) as error:
        raise ModelError(wrong) from error
    if any(len(row) != 3 or not all(abs(value) <= _MAX_COLOUR for value in row) for row in colours):
        raise ModelError(wrong)
    return colours


def _other_steps(value: int) -> int:
    if not 0 <= value <= MAX_STEPS:
        raise ModelError(f"other_steps is a number from 0 to {MAX_STEPS}, found {value}")
    return value


def _scale(value: float) -> float:
    if not 0.0 < value <= 1.0:
        raise ModelError(f"scale is a number above 0 and at most 1, found {value!r}")
    return value


def _prompts(values: list[Json]) -> tuple[str, ...]:
    if len(values) > _MAX_PROMPTS or not all(
        isinstance(prompt, str) and 0 < len(prompt) <= _MAX_PROMPT for prompt in values
    ):
        raise ModelError(f"prompts is a list of at most {_MAX_PROMPTS} texts of 1 to {_MAX_PROMPT:,} characters")
    return tuple(str(prompt) for prompt in values)
