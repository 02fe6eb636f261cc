"""How pictures are rendered, as one frozen value, and its form in a file's `settings`.

These are the values that may differ between two pictures of one search.  The worker records what belongs to its
process (device, threads, versions) in the file's `software`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from engine.errors import InvalidRequestError
from latentpng.json_fields import JsonFields, is_integer, is_number
from latentpng.record import Json, JsonObject
from latentpng.rules import MAX_SEED

MIN_SIDE, MAX_SIDE = 8, 8192
"""Width and height of a picture, in pixels."""
MAX_STEPS = 1000
_MAX_GUIDANCE = 100.0
_MAX_TEXT = 100_000
_MAX_CLIP_SKIP = 12
_MAX_NAME = 100

_FLAGS = frozenset(
    {
        "clip_sample",
        "correct_third_order",
        "discard_next_to_last_sigma",
        "euler_at_final",
        "lower_order_final",
        "predict_x0",
        "rescale_betas_zero_snr",
        "set_alpha_to_one",
        "skip_prk_steps",
        "stochastic_sampling",
        "thresholding",
        "use_beta_sigmas",
        "use_dynamic_shifting",
        "use_exponential_sigmas",
        "use_flow_sigmas",
        "use_karras_sigmas",
        "use_lu_lambdas",
    }
)
_WORDS = frozenset(
    {
        "algorithm_type",
        "final_sigmas_type",
        "interpolation_type",
        "prediction_type",
        "solver_type",
        "timestep_spacing",
        "timestep_type",
        "time_shift_type",
        "variance_type",
    }
)
_COUNTS: Mapping[str, tuple[int, int]] = {
    "corrector_order": (1, 4),
    "predicted_slopes": (1, 4),
    "predictor_order": (1, 3),
    "solver_order": (1, 3),
    "steps_offset": (0, 1000),
}
_NUMBERS: Mapping[str, tuple[float, float]] = {
    "base_shift": (0.0, 100.0),
    "flow_shift": (0.01, 100.0),
    "max_shift": (0.0, 100.0),
    "shift": (0.01, 100.0),
    "shift_terminal": (0.0, 1.0),
}
"""Options of schedulers that a file may set: flags, words, whole numbers and numbers, with their ranges.

`discard_next_to_last_sigma` belongs to `schedule`, `correct_third_order` mends a step of diffusers, and
`predicted_slopes` makes IPNDM of Euler; all others are options of the classes of diffusers.  They change how
the steps are chosen and computed.  Files come from strangers, so options that decide how much is computed
(`num_train_timesteps`) are left out.
"""

SCHEDULES = (
    "align_your_steps",
    "align_your_steps_webui",
    "beta",
    "beta_sigmas",
    "ddim_uniform",
    "exponential",
    "karras",
    "kl_optimal",
    "kl_optimal_webui",
    "linear_quadratic",
    "normal",
    "sgm_uniform",
    "simple",
    "turbo",
)
"""Values of the option `schedule`: the noise levels of other tools, which `engine.diffusion.schedules` computes."""


class PromptStyle(StrEnum):
    """How prompts are read: as diffusers does, or with the weights and chunks of A1111 or of ComfyUI."""

    PLAIN = "plain"
    A1111 = "a1111"
    COMFYUI = "comfyui"


@dataclass(frozen=True, kw_only=True, slots=True)
class SchedulerSettings:
    """A diffusers scheduler: its class, and what differs from the model's own scheduler configuration.

    Attributes:
        name: The class name; "" for the model's own scheduler.
        options: Configuration entries that override the model's ("use_karras_sigmas": True); only those listed above.
        eta: Passed to `scheduler.step` where it has such an argument, 0 to 1; 1 makes DDIM stochastic.
    """

    name: str = ""
    options: JsonObject = field(default_factory=dict)
    eta: float = 0.0

    def __post_init__(self) -> None:
        """Refuse values out of range by InvalidRequestError."""
        if len(self.name) > _MAX_NAME:
            raise InvalidRequestError(f"a scheduler's name is at most {_MAX_NAME} characters, found {len(self.name)}")
        if not 0.0 <= self.eta <= 1.0:
            raise InvalidRequestError(f"the scheduler's eta is a number from 0 to 1, found {self.eta}")
        for name, value in self.options.items():
            if rule := _broken_rule(name, value):
                raise InvalidRequestError(f"the scheduler option {name[:_MAX_NAME]!r} {rule}")

    def to_json(self) -> dict[str, Json]:
        """Return the form in a file; empty fields are left out."""
        entries: dict[str, Json] = {"name": self.name, "options": dict(self.options), "eta": self.eta}
        return {key: value for key, value in entries.items() if value}

    @staticmethod
    def from_json(value: Json) -> SchedulerSettings:
        """Return the settings that a file records.

        Args:
            value: The entry `scheduler` of the file's settings.

        Raises:
            InvalidRequestError: A value is of the wrong kind or out of range, or an option is not supported.
        """
        scheduler = JsonFields({"scheduler": value}, "settings: ", InvalidRequestError).mapping("scheduler")
        fields = JsonFields(scheduler, "settings: scheduler ", InvalidRequestError)
        return SchedulerSettings(
            name=fields.text("name", ""), options=dict(fields.mapping("options", {})), eta=fields.number("eta", 0.0)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderSettings:
    """All arguments of the pipeline but the initial noise.

    Attributes:
        prompt: What the picture shows.
        negative_prompt: What it should not show.
        width: In pixels, 8 to 8192.
        height: In pixels, 8 to 8192.
        num_inference_steps: Denoising steps, 1 to 1000; `steps` in files.
        guidance_scale: How strictly the prompt is followed, 0 to 100; `guidance` in files.
        scheduler: The scheduler.
        step_seed: The seed of the noise that stochastic schedulers draw at every step, 0 to 2^64 - 1; the same for all
            pictures of a search.
        guidance_rescale: How much of the contrast that guidance adds is taken back, 0 to 1 (Lin et al., "Common
            Diffusion Noise Schedules and Sample Steps are Flawed", 2023).
        prompt_style: How the prompts are read, a value of `PromptStyle`.
        clip_skip: The layer of the CLIP text encoder whose output is used, counted from the end as A1111 does: 1 is the
            last layer, 2 the one before, up to 12; 0 leaves it to the family.
    """

    prompt: str
    negative_prompt: str = ""
    width: int
    height: int
    num_inference_steps: int
    guidance_scale: float
    scheduler: SchedulerSettings = SchedulerSettings()
    step_seed: int = 0
    guidance_rescale: float = 0.0
    prompt_style: str = PromptStyle.PLAIN
    clip_skip: int = 0

    def __post_init__(self) -> None:
        """Refuse values out of range by InvalidRequestError."""
        if self.prompt_style not in tuple(PromptStyle):
            raise InvalidRequestError(
                f"prompt_style is one of {', '.join(PromptStyle)}, found {self.prompt_style[:_MAX_NAME]!r}"
            )
        for name, value, least, most in (
            ("clip_skip", self.clip_skip, 0, _MAX_CLIP_SKIP),
            ("width", self.width, MIN_SIDE, MAX_SIDE),
            ("height", self.height, MIN_SIDE, MAX_SIDE),
            ("steps", self.num_inference_steps, 1, MAX_STEPS),
            ("step_seed", self.step_seed, 0, MAX_SEED),
        ):
            if not least <= value <= most:
                raise InvalidRequestError(f"{name} is a number from {least} to {most}, found {value}")
        if not (math.isfinite(self.guidance_scale) and 0.0 <= self.guidance_scale <= _MAX_GUIDANCE):
            raise InvalidRequestError(f"guidance is a number from 0 to {_MAX_GUIDANCE:g}, found {self.guidance_scale}")
        if not 0.0 <= self.guidance_rescale <= 1.0:
            raise InvalidRequestError(f"guidance_rescale is a number from 0 to 1, found {self.guidance_rescale}")
        for name, text in (("prompt", self.prompt), ("negative prompt", self.negative_prompt)):
            if len(text) > _MAX_TEXT:
                raise InvalidRequestError(f"the {name} is at most {_MAX_TEXT:,} characters, found {len(text):,}")

    def to_json(self) -> dict[str, Json]:
        """Return the form in a file's `settings`.

        Fields that are empty or off are left out; the seed is a decimal string, since many JSON readers round 64 bits.
        """
        entries: dict[str, Json] = {
            "prompt": self.prompt,
            "width": self.width,
            "height": self.height,
            "steps": self.num_inference_steps,
            "guidance": self.guidance_scale,
            "step_seed": str(self.step_seed),
        }
        if self.negative_prompt:
            entries["negative_prompt"] = self.negative_prompt
        if self.guidance_rescale:
            entries["guidance_rescale"] = self.guidance_rescale
        if self.prompt_style != PromptStyle.PLAIN:
            entries["prompt_style"] = self.prompt_style
        if self.clip_skip:
            entries["clip_skip"] = self.clip_skip
        if scheduler := self.scheduler.to_json():
            entries["scheduler"] = scheduler
        return entries

    @staticmethod
    def from_json(settings: JsonObject, *, defaults: RenderSettings) -> RenderSettings:
        """Return the settings that a file records.

        Args:
            settings: The file's `settings`.
            defaults: Where size, steps and guidance come from when the file does not record them.

        Raises:
            InvalidRequestError: A value is of the wrong kind or out of range.
        """
        scheduler = settings.get("scheduler")
        fields = JsonFields(settings, "settings: ", InvalidRequestError)
        return RenderSettings(
            prompt=fields.text("prompt", ""),
            negative_prompt=fields.text("negative_prompt", ""),
            width=fields.integer("width", defaults.width, or_digits=True),
            height=fields.integer("height", defaults.height, or_digits=True),
            num_inference_steps=fields.integer("steps", defaults.num_inference_steps, or_digits=True),
            guidance_scale=fields.number("guidance", defaults.guidance_scale),
            scheduler=SchedulerSettings() if scheduler is None else SchedulerSettings.from_json(scheduler),
            step_seed=fields.integer("step_seed", 0, or_digits=True),
            guidance_rescale=fields.number("guidance_rescale", 0.0),
            prompt_style=fields.text("prompt_style", PromptStyle.PLAIN),
            clip_skip=fields.integer("clip_skip", 0, or_digits=True),
        )


def _broken_rule(name: str, value: Json) -> str:
    """Return what a scheduler option has to be, "" when it is that."""
    if name in _FLAGS:
        return "" if isinstance(value, bool) else "is true or false"
    if name == "schedule":
        return "" if value in SCHEDULES else f"is one of {', '.join(SCHEDULES)}"
    if name in _WORDS:
        return "" if isinstance(value, str) and len(value) <= _MAX_NAME else "is a short text"
    if name in _COUNTS:
        least, most = _COUNTS[name]
        return "" if is_integer(value) and least <= value <= most else f"is a whole number from {least} to {most}"
    if name in _NUMBERS:
        low, high = _NUMBERS[name]
        return "" if is_number(value) and low <= value <= high else f"is a number from {low:g} to {high:g}"
    return "is not supported"
