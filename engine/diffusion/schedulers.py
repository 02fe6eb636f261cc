"""Schedulers, always built anew from the model's own configuration, never from the last one used."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import diffusers

from engine.errors import InvalidRequest
from engine.settings import SchedulerSettings

_ALSO_KARRAS = ("LCMScheduler", "TCDScheduler", "SASolverScheduler", "DDIMParallelScheduler", "DDPMParallelScheduler")
"""Run on the same models as those that diffusers lists as compatible, though it does not list them."""

_NOT = ("EDMEulerScheduler",)
"""Listed by diffusers, but made for models with another scaling of their input."""

_FLOW = ("FlowMatchEulerDiscreteScheduler", "FlowMatchLCMScheduler")
_FLOW_NAMES = {
    "EulerDiscreteScheduler": "FlowMatchEulerDiscreteScheduler",
    "LCMScheduler": "FlowMatchLCMScheduler",
}
"""What a name that people know means for a flow model."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnScheduler:
    """The scheduler that the model came with: its class, and its configuration as it was loaded."""

    kind: type
    config: Mapping[str, Any]

    @staticmethod
    def of(pipe: Any) -> OwnScheduler:
        """As it stands in `pipe` now."""
        return OwnScheduler(kind=type(pipe.scheduler), config=dict(pipe.scheduler.config))

    @property
    def usable(self) -> tuple[str, ...]:
        """Class names of the schedulers that this model can use, sorted."""
        own = self.kind.__name__
        names = {own, *getattr(self.kind, "_compatibles", ())}
        if "DDIMScheduler" in names:
            names |= set(_ALSO_KARRAS)
        if own in _FLOW:
            names |= set(_FLOW)
        return tuple(sorted(name for name in names - set(_NOT) if hasattr(diffusers, name)))

    def build(self, settings: SchedulerSettings) -> Any:
        """A fresh scheduler.  InvalidRequest when the model cannot use it, or when it has no such option."""
        kind = self.kind if not settings.name else self._class(settings.name)
        accepted = inspect.signature(kind.__init__).parameters  # type: ignore[misc]
        unknown = sorted(set(settings.options) - set(accepted))
        if unknown:
            raise InvalidRequest(f"{kind.__name__} has no option {unknown[0]!r}")
        return kind.from_config({**self.config, **settings.options})  # type: ignore[attr-defined]

    def _class(self, name: str) -> type:
        usable = self.usable
        meant = name if name in usable else _FLOW_NAMES.get(name, name)
        if meant not in usable:
            known = ", ".join(sorted(kind.removesuffix("Scheduler") for kind in usable))
            asked = name.removesuffix("Scheduler")
            raise InvalidRequest(f"this model cannot use the scheduler {asked}; it can use {known}")
        found: type = getattr(diffusers, meant)
        return found
