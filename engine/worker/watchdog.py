"""When a worker that says nothing has to be given up: told by how long its steps took until now."""

from __future__ import annotations

from dataclasses import dataclass

from engine.rendering.events import Event, JobCancelled, JobDone, JobFailed, ModelReady, StepDone


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """Seconds of silence that are borne while something is asked for.

    tick: how often silence is looked at.  load: while a model loads, which says little, from a slow disk.
    first: until the first step of a job: prompts are encoded, kernels compiled, and its size may be a larger one.
    step: after that; or `factor` times the longest step of the job, where they take long.
    """

    tick: float = 1.0
    load: float = 1800.0
    first: float = 1800.0
    step: float = 120.0
    factor: float = 20.0


class Watch:
    """Counts the silence of one process.

    In ticks of its own, not by a clock: when this program is suspended, the silence is not the worker's.
    """

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self.silence = self._longest = 0.0
        self._has_stepped = False

    def heard(self, event: Event) -> None:
        """A sign of life."""
        match event:
            case ModelReady() | JobDone() | JobCancelled() | JobFailed():
                self._longest, self._has_stepped = 0.0, False
            case StepDone():
                self._longest, self._has_stepped = max(self._longest, self.silence), True
            case _:
                pass
        self.silence = 0.0

    def is_over(self, *, is_loading: bool, is_working: bool) -> bool:
        """One tick more without a sign: is it too long?  Never while nothing is asked for."""
        self.silence = self.silence + self._patience.tick if is_loading or is_working else 0.0
        return self.silence > self._borne(is_loading)

    def _borne(self, is_loading: bool) -> float:
        if is_loading:
            return self._patience.load
        usual = self._patience.step if self._has_stepped else self._patience.first
        return max(usual, self._patience.factor * self._longest)
