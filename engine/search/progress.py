"""How far the job of a grid is, and how long it will still take.  Times are arguments: no clock is read here."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.rendering.requests import RenderJob

_NEWEST = 0.5
"""The weight of the newest measurement in the average."""


@dataclass(slots=True)
class Progress:
    """How far the running job is; `Search` updates it.

    Attributes:
        total: The number of pictures in the job.
        planned: The steps that the settings of each picture ask for, by its index in the grid, as far as it is
            rendered: fewer for a draft.
        steps_done: The part of its steps that each picture has behind it, from 0 to 1, by its index in the grid.
        batch: The indices of the pictures in the batch that was reported last.
        step: The last step that is done, of that batch.
        steps: The number of steps of a picture; 0 before the first step is done.
        skipped: Of these, how many were done before anybody waited for it.
        finished: The indices of the pictures that are finished.
        running: False when the job is over.
        decodes: Whether its pictures are decoded; if not, they are only followed for some steps.
        ahead: Work that follows it and is not part of it: the number of pictures and the steps of each.  They are
            decoded if those of this job are not.
        begun: The batches that have begun and are not over.
        at_once: The most batches that were rendered at once until now: one for each worker that takes part.
        again: How often the pictures of this grid were asked for again, in part or differently.
    """

    total: int = 0
    planned: dict[int, int] = field(default_factory=dict)
    steps_done: dict[int, float] = field(default_factory=dict)
    batch: tuple[int, ...] = ()
    step: int = 0
    steps: int = 0
    skipped: int = 0
    finished: set[int] = field(default_factory=set)
    running: bool = False
    decodes: bool = True
    ahead: tuple[int, int] = (0, 0)
    begun: set[tuple[int, ...]] = field(default_factory=set)
    at_once: int = 1
    again: int = 0

    @property
    def fraction(self) -> float:
        """The part of the job that is done, from 0 to 1; 1 for a job without pictures."""
        return sum(self.steps_done.values()) / self.total if self.total else 1.0

    def plan(self, jobs: Sequence[RenderJob], *, is_more: bool = False) -> None:
        """Note what renders pictures.

        Args:
            jobs: The jobs.
            is_more: Whether their pictures were not counted yet.
        """
        for job in jobs:
            self.planned.update({task.index: job.settings.num_inference_steps for task in job.tasks})
            self.total += len(job.tasks) if is_more else 0

    def waiting(self) -> Counter[int]:
        """Return how many pictures have done no step yet, by the number of their steps."""
        known = [self.planned[index] for index in self.planned if index not in self.steps_done]
        now = self.planned.get(self.batch[0], 0) if self.batch else 0
        found = Counter(round(steps * self.steps / now) if now else self.steps for steps in known)
        found[self.steps] += self.total - len(self.steps_done) - len(known)
        return found

    def step_done(self, indices: tuple[int, ...], step: int, steps: int) -> None:
        """Note that a batch has done a step.

        Args:
            indices: The indices of its pictures.
            step: The number of steps done so far.
            steps: The number of steps of a picture.
        """
        self.steps_done.update(dict.fromkeys(indices, step / steps))
        if indices != self.batch:
            self.skipped = 0
        self.batch, self.step, self.steps = indices, step, steps
        self._note_begun(is_over=step >= steps and not self.decodes)

    def picture_done(self, index: int) -> None:
        """Note that a picture is finished."""
        self.steps_done[index] = 1.0
        self.finished.add(index)

    def _note_begun(self, *, is_over: bool) -> None:
        """Note that the batch that was reported last goes on; batches that hold one of its pictures were given up."""
        rendered = {batch for batch in self.begun if not self.finished.issuperset(batch)}
        self.begun = {batch for batch in rendered if not set(batch) & set(self.batch)}
        if not is_over:
            self.begun.add(self.batch)
        self.at_once = max(self.at_once, len(self.begun))

    @property
    def is_decoded(self) -> bool:
        """Whether every picture of the batch that was reported last is finished."""
        return self.finished.issuperset(self.batch)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How long steps and decoding take, measured so far.

    Attributes:
        step_seconds: Of a step, by the number of pictures in the batch.
        decode_seconds: From the last step of a batch until its pictures are finished, for each of them; None before it
            was measured.
    """

    step_seconds: Mapping[int, float] = field(default_factory=dict)
    decode_seconds: float | None = None

    # A batch of an unknown size is taken to be slower than it can be: a larger one as if its pictures came one after
    # the other, a smaller one as if it were as slow as the larger one.  So what is said falls when it is measured.
    def step(self, size: int) -> float | None:
        """Return the seconds of a step of so many pictures; None when no step was measured yet."""
        if size in self.step_seconds or not self.step_seconds:
            return self.step_seconds.get(size)
        return min(seconds * max(1.0, size / known) for known, seconds in self.step_seconds.items())

    def decode(self, size: int) -> float:
        """Return the seconds from the last step of so many pictures to their end; those of a step until it is known."""
        return self.decode_seconds * size if self.decode_seconds is not None else self.step(size) or 0.0

    def with_step(self, size: int, seconds: float) -> Pace:
        """Return the pace after a step was measured."""
        known = self.step_seconds.get(size, seconds)
        return replace(self, step_seconds={**self.step_seconds, size: known + _NEWEST * (seconds - known)})

    def with_decode(self, seconds: float) -> Pace:
        """Return the pace after the decoding of a picture was measured."""
        known = seconds if self.decode_seconds is None else self.decode_seconds
        return replace(self, decode_seconds=known + _NEWEST * (seconds - known))


@dataclass(frozen=True, kw_only=True, slots=True)
class Countdown:
    """The seconds that are left, as they are said: never more than was ever said before and the time of a step.

    It begins anew where pictures were asked for again: where drafts are finished in full, say.

    The first step of a batch is not measured where a second one follows: it waits for memory, for kernels that are
    compiled, and for the prompt.  What was measured is used for the next job too.

    Attributes:
        left: The seconds left when something was reported last; None until a step was measured.
        lowest: The least that was said about this job.
        pace: What was measured.
        at: The time of the last report.
        batch: The batch of that report, () before the first.
        step: Its steps.
        is_decoded: Whether its pictures are finished.
        key: What the pace belongs to.
        reports: The steps of each batch when it was reported last, and when that was.
        again: As that of the progress when something was reported last.
    """

    left: float | None = None
    lowest: float = math.inf
    pace: Pace = field(default_factory=Pace)
    at: float = 0.0
    batch: tuple[int, ...] = ()
    step: int = 0
    is_decoded: bool = False
    key: Hashable = None
    reports: Mapping[tuple[int, ...], tuple[int, float]] = field(default_factory=dict)
    again: int = 0

    def restarted(self, now: float, key: Hashable = None) -> Countdown:
        """Return the countdown of a new job.

        Args:
            now: The time.
            key: Jobs with the same key take the same time for a step: those of one model at one size.
        """
        return Countdown(pace=self.pace if key == self.key else Pace(), at=now, key=key)

    def after(self, progress: Progress, now: float) -> Countdown:
        """Return the countdown after an event of the job; the same one when it says nothing new.

        Args:
            progress: How far the job is.
            now: The time.
        """
        if progress.again != self.again:
            return replace(self.restarted(now, self.key), again=progress.again)
        reported = (progress.batch, progress.step, progress.is_decoded)
        if not progress.running or not progress.steps or reported == (self.batch, self.step, self.is_decoded):
            return self
        pace = self._measured(progress, now)
        left, step = _seconds_left(progress, pace), pace.step(len(progress.batch))
        if left is not None and step is not None:
            left = min(left, self.lowest + step)
        return replace(
            self,
            left=left,
            lowest=self.lowest if left is None else min(self.lowest, left),
            pace=pace,
            at=now,
            batch=progress.batch,
            step=progress.step,
            is_decoded=progress.is_decoded,
            reports={**self.reports, progress.batch: (progress.step, now)},
        )

    def _measured(self, progress: Progress, now: float) -> Pace:
        size, (before, at) = len(progress.batch), self.reports.get(progress.batch, (0, self.at))
        seconds = now - at
        if progress.is_decoded:
            return self.pace.with_decode(seconds / size) if before == progress.steps else self.pace
        if before > progress.skipped:
            return self.pace.with_step(size, seconds / max(1, progress.step - before))
        done = progress.step - progress.skipped
        if (done > 1 or done == progress.steps) and len(progress.begun) == 1:
            return self.pace.with_step(size, seconds / done)
        return self.pace


def _seconds_left(progress: Progress, pace: Pace) -> float | None:
    """Return what the rest of a job takes at a pace: the batch that runs, then batches of the largest size seen.

    Batches that run beside it take no longer than it does; those that follow are shared among as many workers.
    """
    size = len(progress.batch)
    step = pace.step(size)
    if step is None:
        return None
    decoding = pace.decode(size) if progress.decodes else 0.0
    left = 0.0 if progress.is_decoded else (progress.steps - progress.step) * step + decoding
    following = _batch_seconds(*progress.ahead, size, pace, decodes=not progress.decodes)
    for steps, waiting in progress.waiting().items():
        following += _batch_seconds(waiting, steps, size, pace, decodes=progress.decodes)
    return left + following / progress.at_once


def _batch_seconds(pictures: int, steps: int, size: int, pace: Pace, *, decodes: bool) -> float:
    """Return what so many pictures take, in batches of the largest size seen, `size` among them."""
    seconds, usual = 0.0, max(size, *pace.step_seconds)
    while pictures > 0:
        following = min(usual, pictures)
        seconds += steps * (pace.step(following) or 0.0) + (pace.decode(following) if decodes else 0.0)
        pictures -= following
    return seconds
