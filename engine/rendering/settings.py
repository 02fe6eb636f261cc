"""How pictures are rendered, as one frozen value, and its form in a file's `settings`.

What may change between two pictures of one search stands here; what belongs to a process (device, threads,
versions) is recorded by the worker in the file's `software`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.errors import InvalidRequestError
from latentpng.json_fields import JsonFields
from latentpng.record import Json, JsonObject
from latentpng.rules import MAX_SEED

MOST_PIXELS = 8192
"""Of a side of a picture."""
_MOST_TEXT = 100_000
_MOST_NAME = 100

_FLAGS = frozenset(
    {
        "clip_sample",
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
_COUNTS: Mapping[str, tuple[int, int]] = {"solver_order": (1, 3), "steps_offset": (0, 1000)}
_NUMBERS: Mapping[str, tuple[float, float]] = {
    "base_shift": (0.0, 100.0),
    "flow_shift": (0.01, 100.0),
    "max_shift": (0.0, 100.0),
    "shift": (0.01, 100.0),
    "shift_terminal": (0.0, 1.0),
}
"""Options that change how the steps are chosen and computed: flags, words, whole numbers, numbers.

Files come from strangers, so nothing is let in that decides how much is computed (`num_train_timesteps`).
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class SchedulerSettings:
    """A diffusers scheduler: its class, and what differs from the model's own scheduler configuration.

    name: the class name, "" for the model's own scheduler.
    options: configuration entries that override the model's ("use_karras_sigmas": True); only those in this file.
    eta: 0 to 1, passed to `scheduler.step` where it has such an argument (DDIM: 1.0 is stochastic); 0 is its default.
    """

    name: str = ""
    options: JsonObject = field(default_factory=dict)
    eta: float = 0.0

    def __post_init__(self) -> None:
        if len(self.name) > _MOST_NAME:
            raise InvalidRequestError(f"a scheduler's name is at most {_MOST_NAME} characters, found {len(self.name)}")
        if not 0.0 <= self.eta <= 1.0:
            raise InvalidRequestError(f"the scheduler's eta is a number from 0 to 1, found {self.eta}")
        for name, value in self.options.items():
            if wanted := _wanted_of_option(name, value):
                raise InvalidRequestError(f"the scheduler option {name[:_MOST_NAME]!r} {wanted}")

    def to_json(self) -> dict[str, Json]:
        """The form in a file; empty fields are left out."""
        entries: dict[str, Json] = {"name": self.name, "options": dict(self.options), "eta": self.eta}
        return {key: value for key, value in entries.items() if value}

    @staticmethod
    def from_json(value: Json) -> SchedulerSettings:
        """InvalidRequestError when the entries are of the wrong kind."""
        scheduler = JsonFields({"scheduler": value}, "settings: ", InvalidRequestError).mapping("scheduler")
        fields = JsonFields(scheduler, "settings: scheduler ", InvalidRequestError)
        return SchedulerSettings(
            name=fields.text("name", ""), options=dict(fields.mapping("options", {})), eta=fields.number("eta", 0.0)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderSettings:
    """Everything that the pipeline is asked for, besides the initial noise.

    width, height: pixels.  In files: num_inference_steps as `steps`, guidance_scale as `guidance`.
    guidance_rescale: 0 to 1, how much of the brightness that guidance adds is taken back (Lin et al. 2023).
    step_seed: seeds the noise that stochastic schedulers draw at every step; the same for all pictures of a search.
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

    def __post_init__(self) -> None:
        for name, value, least, most in (
            ("width", self.width, 8, MOST_PIXELS),
            ("height", self.height, 8, MOST_PIXELS),
            ("steps", self.num_inference_steps, 1, 1000),
            ("step_seed", self.step_seed, 0, MAX_SEED),
        ):
            if not least <= value <= most:
                raise InvalidRequestError(f"{name} is a number from {least} to {most}, found {value}")
        if not (math.isfinite(self.guidance_scale) and 0.0 <= self.guidance_scale <= 100.0):
            raise InvalidRequestError(f"guidance is a number from 0 to 100, found {self.guidance_scale}")
        if not 0.0 <= self.guidance_rescale <= 1.0:
            raise InvalidRequestError(f"guidance_rescale is a number from 0 to 1, found {self.guidance_rescale}")
        for name, text in (("prompt", self.prompt), ("negative prompt", self.negative_prompt)):
            if len(text) > _MOST_TEXT:
                raise InvalidRequestError(f"the {name} is at most {_MOST_TEXT:,} characters, found {len(text):,}")

    def to_json(self) -> dict[str, Json]:
        """The form in a file's `settings`; what is empty or off is left out, 64-bit seeds are decimal strings."""
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
        if scheduler := self.scheduler.to_json():
            entries["scheduler"] = scheduler
        return entries

    @staticmethod
    def from_json(settings: JsonObject, *, defaults: RenderSettings) -> RenderSettings:
        """The settings of a file; what it does not say comes from `defaults`.  InvalidRequestError on wrong kinds."""
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
        )


def _wanted_of_option(name: str, value: Json) -> str:
    """What a scheduler option has to be; "" when it is that."""
    if name in _FLAGS:
        return "" if isinstance(value, bool) else "is true or false"
    if name in _WORDS:
        return "" if isinstance(value, str) and len(value) <= _MOST_NAME else "is a short text"
    if name in _COUNTS:
        least, most = _COUNTS[name]
        whole = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        return "" if whole else f"is a whole number from {least} to {most}"
    if name in _NUMBERS:
        low, high = _NUMBERS[name]
        number = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
        return "" if number else f"is a number from {low:g} to {high:g}"
    return "is not one that can be set"
