"""How pictures are rendered, as one frozen value, and its form in a file's `settings`.

What may change between two pictures of one search stands here; what belongs to a process (device, threads,
versions) is recorded by the worker in the file's `software`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.errors import InvalidRequest
from latentpng.record import MAX_SEED, Json, JsonObject


@dataclass(frozen=True, kw_only=True, slots=True)
class SchedulerSettings:
    """A diffusers scheduler: its class, and what differs from the model's own scheduler configuration.

    name: the class name, "" for the model's own scheduler.
    options: configuration entries that override the model's ("use_karras_sigmas": True).
    eta: passed to `scheduler.step` where it has such an argument (DDIM: 1.0 is stochastic); 0 is its default.
    """

    name: str = ""
    options: JsonObject = field(default_factory=dict)
    eta: float = 0.0

    def to_json(self) -> dict[str, Json]:
        """The form in a file; empty fields are left out."""
        entries: dict[str, Json] = {"name": self.name, "options": dict(self.options), "eta": self.eta}
        return {key: value for key, value in entries.items() if value}

    @staticmethod
    def from_json(value: Json) -> SchedulerSettings:
        """InvalidRequest when the entries are of the wrong kind."""
        if not isinstance(value, Mapping):
            raise InvalidRequest(f"settings: scheduler is an object, found {type(value).__name__}")
        options = value.get("options", {})
        if not isinstance(options, Mapping):
            raise InvalidRequest("settings: scheduler options are an object")
        return SchedulerSettings(name=_text(value, "name"), options=dict(options), eta=_number(value, "eta", 0.0))


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderSettings:
    """Everything that the pipeline is asked for, besides the initial noise.

    width, height: pixels.  steps: `num_inference_steps`.  guidance: `guidance_scale`.
    step_seed: seeds the noise that stochastic schedulers draw at every step; the same for all pictures of a search.
    """

    prompt: str
    negative_prompt: str = ""
    width: int
    height: int
    steps: int
    guidance: float
    scheduler: SchedulerSettings = SchedulerSettings()
    step_seed: int = 0

    def __post_init__(self) -> None:
        for name, value, least, most in (
            ("width", self.width, 8, 8192),
            ("height", self.height, 8, 8192),
            ("steps", self.steps, 1, 1000),
            ("step_seed", self.step_seed, 0, MAX_SEED),
        ):
            if not least <= value <= most:
                raise InvalidRequest(f"{name} is a number from {least} to {most}, found {value}")
        if not (math.isfinite(self.guidance) and 0.0 <= self.guidance <= 100.0):
            raise InvalidRequest(f"guidance is a number from 0 to 100, found {self.guidance}")

    def to_json(self) -> dict[str, Json]:
        """The form in a file's `settings`; empty texts are left out, 64-bit seeds are decimal strings."""
        entries: dict[str, Json] = {
            "prompt": self.prompt,
            "width": self.width,
            "height": self.height,
            "steps": self.steps,
            "guidance": self.guidance,
            "step_seed": str(self.step_seed),
        }
        if self.negative_prompt:
            entries["negative_prompt"] = self.negative_prompt
        if scheduler := self.scheduler.to_json():
            entries["scheduler"] = scheduler
        return entries

    @staticmethod
    def from_json(settings: JsonObject, *, defaults: RenderSettings) -> RenderSettings:
        """The settings of a file; what it does not say comes from `defaults`.  InvalidRequest on wrong kinds."""
        scheduler = settings.get("scheduler")
        return RenderSettings(
            prompt=_text(settings, "prompt"),
            negative_prompt=_text(settings, "negative_prompt"),
            width=_integer(settings, "width", defaults.width),
            height=_integer(settings, "height", defaults.height),
            steps=_integer(settings, "steps", defaults.steps),
            guidance=_number(settings, "guidance", defaults.guidance),
            scheduler=SchedulerSettings() if scheduler is None else SchedulerSettings.from_json(scheduler),
            step_seed=_integer(settings, "step_seed", 0),
        )


def _text(entries: JsonObject, name: str) -> str:
    value = entries.get(name, "")
    if not isinstance(value, str):
        raise InvalidRequest(f"settings: {name} is a text, found {type(value).__name__}")
    return value


def _number(entries: JsonObject, name: str, default: float) -> float:
    value = entries.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidRequest(f"settings: {name} is a number, found {type(value).__name__}")
    return float(value)


def _integer(entries: JsonObject, name: str, default: int) -> int:
    value = entries.get(name, default)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidRequest(f"settings: {name} is a whole number, found {type(value).__name__}")
    return value
