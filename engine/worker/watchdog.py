"""Watchdog: how long a silent worker may stay silent, estimated from its step times."""

from __future__ import annotations

from dataclasses import dataclass

from engine.rendering.events import Event, JobCancelled, JobDone, JobFailed, ModelReady, StepDone


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeouts:
    """Seconds without an event after which a worker with work to do is given up.

    Attributes:
        tick: The interval at which the watchdog is asked.
        load: While a model loads, which reports little, perhaps from a slow disk.
        first: Until the first step of a job: prompts are encoded, kernels are compiled, and the size may be larger.
        step: Between two steps; `factor` times the longest step of the job where that is more.
        factor: See `step`.
    """

    tick: float = 1.0
    load: float = 1800.0
    first: float = 1800.0
    step: float = 120.0
    factor: float = 20.0


class Watchdog:
    """Measures the silence of one process.

    It counts ticks of its own instead of reading a clock: while this program is suspended, so is the count, and the
    silence is not the worker's fault.

    Attributes:
        silence: Seconds since the last event, while there was work to do.
    """

    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts
        self.silence = self._longest = 0.0
        self._has_stepped = False

    def heard(self, event: Event) -> None:
        """Note an event of the process: the silence starts anew, and steps are measured."""
        match event:
            case ModelReady() | JobDone() | JobCancelled() | JobFailed():
                self._longest, self._has_stepped = 0.0, False
            case StepDone():
                self._longest, self._has_stepped = max(self._longest, self.silence), True
            case _:
                pass
        self.silence = 0.0

    def has_expired(self, *, is_loading: bool, is_working: bool) -> bool:
        """Count one tick without an event, and return whether the silence is too long.

        Args:
            is_loading: A model is being loaded.
            is_working: There is work to do.  Without any, a worker may be silent for ever.
        """
        self.silence = self.silence + self._timeouts.tick if is_loading or is_working else 0.0
        return self.silence > self._timeout(is_loading)

    def _timeout(self, is_loading: bool) -> float:
        if is_loading:
            return self._timeouts.load
        usual = self._timeouts.step if self._has_stepped else self._timeouts.first
        return max(usual, self._timeouts.factor * self._longest)
