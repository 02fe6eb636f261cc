"""Watchdog: how long a silent worker may stay silent, estimated from its step times and the size of its model."""

from __future__ import annotations

from dataclasses import dataclass

from engine.rendering.events import Event, JobCancelled, JobDone, JobFailed, LoadingProgressed, ModelReady, StepDone


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeouts:
    """Seconds without an event after which a worker with work to do is given up.

    Attributes:
        tick: The interval at which the watchdog is asked.
        load: While a model loads, and longer by the time in which a slow disk reads its weights.
        bytes_per_second: How fast that disk reads.
        most: The most for a load, however large its files say that they are.
        first: Until the first step of a job: prompts are encoded, kernels are compiled, and the size may be larger.
        step: Between two steps; `factor` times the longest step of the job where that is more.
        factor: See `step`.
        cancel: Between a cancellation and the end of the job: the time that loading the model took, since that is what
            it costs to start the worker again, but at least and at most so many seconds.
    """

    tick: float = 1.0
    load: float = 300.0
    bytes_per_second: float = 2e7
    most: float = 3600.0
    first: float = 1800.0
    step: float = 120.0
    factor: float = 20.0
    cancel: tuple[float, float] = (10.0, 60.0)


class Watchdog:
    """Measures the silence of one process.

    It counts ticks of its own instead of reading a clock: while this program is suspended, so is the count, and the
    silence is not the worker's fault.

    Attributes:
        silence: Seconds since the last event, while there was work to do.
        silence_after_cancel: Seconds without an event since the oldest cancelled job was cancelled that has not ended.
    """

    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts
        self.silence = self.silence_after_cancel = self._longest = 0.0
        self._loading = self._load_seconds = 0.0
        self._weights = 0
        self._cancelled: int | None = None
        self._has_stepped = False

    def heard(self, event: Event) -> None:
        """Note an event of the process: the silence starts anew, and steps and loads are measured."""
        match event:
            case ModelReady():
                self._load_seconds, self._loading, self._weights = self._loading, 0.0, 0
                self._longest, self._has_stepped = 0.0, False
            case JobDone() | JobCancelled() | JobFailed():
                self._longest, self._has_stepped = 0.0, False
            case LoadingProgressed(weights=weights):
                self._weights = max(self._weights, weights)
            case StepDone():
                self._longest, self._has_stepped = max(self._longest, self.silence), True
            case _:
                pass
        self.silence = 0.0

    def has_expired(self, *, is_loading: bool, is_working: bool, cancelled: int | None = None) -> bool:
        """Count one tick without an event, and return whether the silence is too long.

        Args:
            is_loading: A model is being loaded.
            is_working: There is work to do.  Without any, a worker may be silent for ever.
            cancelled: The number of the oldest job that is cancelled and has not ended; None if there is none.
        """
        tick = self._timeouts.tick
        self._loading += tick if is_loading else 0.0
        self.silence = self.silence + tick if is_loading or is_working else 0.0
        if cancelled is None or is_loading or cancelled != self._cancelled:  # each job has its own time to end
            self.silence_after_cancel = 0.0
        self._cancelled = cancelled
        self.silence_after_cancel += tick if cancelled is not None and not is_loading else 0.0
        return self.silence > self._timeout(is_loading) or self.is_unheeded

    # To start the worker again costs another load.  Whoever waits for as long as that takes, and starts it again only
    # then, never waits more than twice as long as whoever had known how long the step still takes.
    @property
    def is_unheeded(self) -> bool:
        """Whether a cancellation had no effect for so long that starting the worker again is better."""
        least, most = self._timeouts.cancel
        return self.silence_after_cancel > min(max(least, self._load_seconds), most)

    def _timeout(self, is_loading: bool) -> float:
        if is_loading:
            return min(self._timeouts.load + self._weights / self._timeouts.bytes_per_second, self._timeouts.most)
        usual = self._timeouts.step if self._has_stepped else self._timeouts.first
        return max(usual, self._timeouts.factor * self._longest)
