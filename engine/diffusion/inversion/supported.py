"""Which schedulers can be inverted, and which one to choose instead of another; in words for the person."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

from engine.errors import InvalidRequestError
from engine.models.invertible import INVERTIBLE, SPOILERS
from engine.rendering.settings import SchedulerSettings

_WITH_HISTORY = ("DPMSolverMultistepScheduler",)
"""Those whose steps use earlier outputs of the model."""
_OWNERS = ("the model's own", "the")


def check_invertible(scheduler: Any, settings: SchedulerSettings, usable: tuple[str, ...]) -> None:
    """Raise InvalidRequestError unless the steps of a scheduler can be inverted.

    Args:
        scheduler: The scheduler, as it was built.
        settings: What it was built from.
        usable: The class names of the schedulers that the model can use.
    """
    kind = type(scheduler).__name__
    owner = f"{_OWNERS[bool(settings.name)]} scheduler {kind.removesuffix('Scheduler')}"
    if kind not in INVERTIBLE:
        raise InvalidRequestError(f"{owner} cannot be inverted: {_advice(usable)}")
    if spoiler := _spoiler(scheduler):
        raise InvalidRequestError(
            f"{owner} cannot be inverted, because with {spoiler} it {SPOILERS[spoiler]}: "
            f"choose '{INVERTIBLE[kind]}, {spoiler}=false' with --scheduler"
        )
    if because := _obstacle(scheduler, settings):
        raise InvalidRequestError(f"{owner} cannot be inverted, because {because}: {_advice(usable)}")


def steadier_choice(kind: str, usable: tuple[str, ...]) -> str:
    """Return which schedulers are easier to invert than one that uses earlier outputs, in words; "" for none.

    Args:
        kind: The class name of the scheduler.
        usable: Those of the schedulers that the model can use.
    """
    return _joined(name for name in usable if name not in _WITH_HISTORY) if kind in _WITH_HISTORY else ""


def _spoiler(scheduler: Any) -> str:
    """Return the option that stands in the way; "" for none.  A configuration may hold options of other classes."""
    options = inspect.signature(type(scheduler).__init__).parameters
    return next((name for name in SPOILERS if name in options and scheduler.config.get(name)), "")


def _obstacle(scheduler: Any, settings: SchedulerSettings) -> str:
    """Return what stands in the way besides such an option, as a clause; "" for nothing."""
    if settings.eta and "eta" in inspect.signature(type(scheduler).step).parameters:
        return f"with eta {settings.eta:g} it draws noise at every step"
    if str(scheduler.config.get("algorithm_type", "")).startswith("sde"):
        return "as an SDE solver it draws noise at every step"
    slopes = settings.options.get("predicted_slopes", 1)
    return "it predicts slopes from those of earlier steps" if slopes != 1 else ""


def _advice(usable: tuple[str, ...]) -> str:
    names = _joined(usable)
    if not names:
        return "this model can use no scheduler that can be inverted"
    return f"choose {names} with --scheduler"


def _joined(usable: Iterable[str]) -> str:
    """Return the names of those that can be inverted, joined by "or"; "" for none."""
    names = sorted({INVERTIBLE[kind] for kind in usable if kind in INVERTIBLE})
    return " or ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
