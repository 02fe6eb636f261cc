"""Schedulers by their common names: a table without torch, so that the command line can check a name early.

Which of them a pipeline can use is known to the worker alone, which reports it in `ModelReady.schedulers`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from types import MappingProxyType

from engine.errors import InvalidRequestError
from engine.rendering.settings import SchedulerSettings
from latentpng.record import Json


def _settings(name: str, eta: float = 0.0, **options: Json) -> SchedulerSettings:
    return SchedulerSettings(name=name, options=options, eta=eta)


FRIENDLY: Mapping[str, SchedulerSettings] = MappingProxyType(
    {
        "DDIM": _settings("DDIMScheduler"),
        "DDIM eta 1": _settings("DDIMScheduler", eta=1.0),
        "DDPM": _settings("DDPMScheduler"),
        "DEIS": _settings("DEISMultistepScheduler"),
        "DPM++ 2M": _settings("DPMSolverMultistepScheduler"),
        "DPM++ 2M Karras": _settings("DPMSolverMultistepScheduler", use_karras_sigmas=True),
        "DPM++ 2M SDE": _settings("DPMSolverMultistepScheduler", algorithm_type="sde-dpmsolver++"),
        "DPM++ 2M SDE Karras": _settings(
            "DPMSolverMultistepScheduler", algorithm_type="sde-dpmsolver++", use_karras_sigmas=True
        ),
        "DPM++ SDE": _settings("DPMSolverSDEScheduler"),
        "DPM++ SDE Karras": _settings("DPMSolverSDEScheduler", use_karras_sigmas=True),
        "DPM++ 2S": _settings("DPMSolverSinglestepScheduler"),
        "DPM2": _settings("KDPM2DiscreteScheduler"),
        "DPM2 Karras": _settings("KDPM2DiscreteScheduler", use_karras_sigmas=True),
        "DPM2 a": _settings("KDPM2AncestralDiscreteScheduler"),
        "DPM2 a Karras": _settings("KDPM2AncestralDiscreteScheduler", use_karras_sigmas=True),
        "Euler": _settings("EulerDiscreteScheduler"),
        "Euler Karras": _settings("EulerDiscreteScheduler", use_karras_sigmas=True),
        "Euler a": _settings("EulerAncestralDiscreteScheduler"),
        "Heun": _settings("HeunDiscreteScheduler"),
        "LCM": _settings("LCMScheduler"),
        "LMS": _settings("LMSDiscreteScheduler"),
        "LMS Karras": _settings("LMSDiscreteScheduler", use_karras_sigmas=True),
        "PLMS": _settings("PNDMScheduler"),
        "PNDM": _settings("PNDMScheduler"),
        "TCD": _settings("TCDScheduler"),
        "UniPC": _settings("UniPCMultistepScheduler"),
    }
)
"""The common names, as in A1111 and ComfyUI; `--scheduler` accepts them in upper or lower case."""

CLASSES = (
    *dict.fromkeys(settings.name for settings in FRIENDLY.values()),
    "DDIMParallelScheduler",
    "DDPMParallelScheduler",
    "DDPMWuerstchenScheduler",
    "EDMDPMSolverMultistepScheduler",
    "EDMEulerScheduler",
    "FlowMatchEulerDiscreteScheduler",
    "FlowMatchHeunDiscreteScheduler",
    "FlowMatchLCMScheduler",
    "IPNDMScheduler",
    "SASolverScheduler",
    "SCMScheduler",
)
"""The scheduler classes of diffusers that text-to-image pipelines use."""

_BY_NAME = {name.casefold(): settings for name, settings in FRIENDLY.items()}
_BY_CLASS = {name.removesuffix("Scheduler").casefold(): name for name in CLASSES}


_SHORT: Mapping[str, str] = MappingProxyType(
    {
        "karras": "use_karras_sigmas",
        "exponential": "use_exponential_sigmas",
        "beta": "use_beta_sigmas",
        "spacing": "timestep_spacing",
    }
)
"""Short names of some options of diffusers."""


def scheduler_settings(text: str) -> SchedulerSettings:
    """Return the scheduler that `--scheduler` means.

    Args:
        text: A common name, or a class name of diffusers with or without "Scheduler"; "" is the model's own scheduler.
            Options of the class and eta may follow after commas: "Euler, beta", "DDIM, eta=0.5",
            "DPM++ 2M, spacing=trailing, shift=3".  With nothing before the first comma, they change the model's own.

    Raises:
        InvalidRequestError: There is no such scheduler or option; the message lists all names.
    """
    name, *options = (" ".join(part.split()) for part in text.split(","))
    known = _named(name)
    chosen: dict[str, Json] = dict(known.options)
    for option in options:
        word, _, value = (part.strip() for part in option.partition("="))
        chosen[_SHORT.get(word, word)] = _value(value)
    eta = chosen.pop("eta", known.eta)
    if isinstance(eta, bool) or not isinstance(eta, int | float):
        raise InvalidRequestError(f"the scheduler's eta is a number from 0 to 1, found {eta!r}")
    return SchedulerSettings(name=known.name, options=chosen, eta=float(eta))


def _named(text: str) -> SchedulerSettings:
    words = text.casefold()
    if not words:
        return SchedulerSettings()
    if words in _BY_NAME:
        return _BY_NAME[words]
    short = words.removesuffix("scheduler")
    if short in _BY_CLASS:
        return SchedulerSettings(name=_BY_CLASS[short])
    raise InvalidRequestError(
        f"there is no scheduler {text!r}; known are {', '.join(FRIENDLY)}, and the class names of diffusers"
    )


def _value(text: str) -> Json:
    """The value of an option: a flag ("" is true, as in "karras"), a number, or else the text itself."""
    if text.casefold() in ("", "true", "false"):
        return text.casefold() != "false"
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(text)
    return text
