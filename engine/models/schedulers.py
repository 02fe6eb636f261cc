"""Schedulers by their common names: a table without torch, so that the command line can check a name early.

Which of them a pipeline can use is known to the worker alone, which reports it in `ModelReady.schedulers`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from types import MappingProxyType

from engine.errors import InvalidRequestError
from engine.models.sampler_names import (
    AUTOMATIC,
    SAMPLERS,
    SCHEDULES,
    NamedSampler,
    find_sampler,
    find_schedule,
    flag_of,
    own_range,
    similar_names,
    with_schedule,
)
from engine.rendering.settings import SchedulerSettings
from latentpng.record import Json, JsonObject

FRIENDLY: Mapping[str, SchedulerSettings] = MappingProxyType(
    {
        **{name: own_range(NamedSampler(name=name)) for name in SAMPLERS},
        **{
            f"{name} Karras": own_range(NamedSampler(name=name, schedule="karras"))
            for name in ("DPM++ 2M", "DPM++ 2M SDE", "DPM++ SDE", "DPM2", "DPM2 a", "Euler", "LMS")
        },
    }
)
"""The common names, as A1111 writes them; `--scheduler` accepts them in upper or lower case."""

CLASSES = (
    *dict.fromkeys(sampler.settings.name for sampler in SAMPLERS.values()),
    "DDIMParallelScheduler",
    "DDPMParallelScheduler",
    "DDPMWuerstchenScheduler",
    "EDMDPMSolverMultistepScheduler",
    "EDMEulerScheduler",
    "FlowMatchEulerDiscreteScheduler",
    "FlowMatchHeunDiscreteScheduler",
    "FlowMatchLCMScheduler",
    "SCMScheduler",
)
"""The scheduler classes of diffusers that text-to-image pipelines use."""

_BY_CLASS = {name.removesuffix("Scheduler").casefold(): name for name in CLASSES}


_MAX_SHOWN = 100
_EXAMPLES = "the names of A1111, ComfyUI and InvokeAI are known, for example 'Euler a', 'dpmpp_2m' and 'unipc'"
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
        text: A name of A1111, ComfyUI or InvokeAI, or a class name of diffusers with or without "Scheduler"; "" is the
            model's own scheduler.  A schedule may follow after a plus sign: "euler + simple", "dpmpp_2m + karras".
            Options of the class, a schedule and eta may follow after commas: "Euler, beta", "Euler, SGM Uniform",
            "DDIM, eta=0.5", "DPM++ 2M, spacing=trailing, shift=3".  With nothing before the first comma, they change
            the model's own.

    Raises:
        InvalidRequestError: There is no such scheduler, schedule or option; the message names similar ones.
    """
    name, *options = (" ".join(part.split()) for part in text.split(","))
    known = _named(name)
    chosen: dict[str, Json] = dict(known.options)
    for option in options:
        word, _, value = (part.strip() for part in option.partition("="))
        chosen |= {_SHORT.get(word.casefold(), word): _value(value)} if value else _by_word(word, name, known.name)
    eta = chosen.pop("eta", known.eta)
    if isinstance(eta, bool) or not isinstance(eta, int | float):
        raise InvalidRequestError(f"the scheduler's eta is a number from 0 to 1, found {eta!r}")
    return SchedulerSettings(name=known.name, options=chosen, eta=float(eta))


def _named(text: str) -> SchedulerSettings:
    name, plus, word = _at_last_plus(text)
    if not plus:
        return _class_or_sampler(text)
    sampler = find_sampler(name)
    schedule = find_schedule(word, sampler.name if sampler else "")
    if sampler is not None and not schedule and word.casefold() == AUTOMATIC:
        return own_range(sampler)
    if not schedule:
        raise InvalidRequestError(f"there is no schedule {word!r}; known are {', '.join(SCHEDULES)}")
    if sampler is not None:
        return with_schedule(sampler.name, schedule)
    found = _class_or_sampler(name)
    return SchedulerSettings(name=found.name, options={**found.options, "schedule": schedule})


def _by_word(word: str, name: str, scheduler: str) -> JsonObject:
    """Return the options that a word without a value stands for: a flag of diffusers, else a schedule.

    Args:
        word: What follows a comma.
        name: What stands before the first comma.
        scheduler: The class that this means.
    """
    sampler, short = find_sampler(name), word.casefold()
    schedule = find_schedule(word, sampler.name if sampler else "")
    if short == AUTOMATIC and sampler is not None:
        return {"schedule": schedule} if schedule else {}
    flag = flag_of(schedule, scheduler)
    if flag or not schedule:
        return {flag or _SHORT.get(short, word): True}
    return {"schedule": schedule}


def _class_or_sampler(text: str) -> SchedulerSettings:
    words = text.casefold()
    if not words:
        return SchedulerSettings()
    sampler = find_sampler(text)
    if sampler is not None:
        return own_range(sampler)
    short = words.removesuffix("scheduler")
    if short in _BY_CLASS:
        return SchedulerSettings(name=_BY_CLASS[short])
    if schedule := find_schedule(text):
        raise InvalidRequestError(
            f"{text[:_MAX_SHOWN]!r} is a schedule: write a sampler before it, for example 'euler + {schedule}'"
        )
    similar = similar_names(text, tuple(name.removesuffix("Scheduler") for name in CLASSES))
    known = f"similar names are {', '.join(map(repr, similar))}" if similar else _EXAMPLES
    raise InvalidRequestError(f"there is no scheduler {text[:_MAX_SHOWN]!r}; {known}")


def _at_last_plus(text: str) -> tuple[str, str, str]:
    """Return the sampler, "+" and the schedule; ("", "", text) if there is no plus sign but those of "DPM++"."""
    name, plus, word = text.rpartition("+")
    if not plus or name.endswith("+") or name.rstrip().casefold() == "dpm":
        return "", "", text
    return name.strip(), plus, word.strip()


def _value(text: str) -> Json:
    """The value of an option: a flag ("" is true, as in "karras"), a number, or else the text itself."""
    if text.casefold() in ("", "true", "false"):
        return text.casefold() != "false"
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(text)
    return text
