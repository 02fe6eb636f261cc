"""The progress of an inversion: evaluations that are done and expected, and previews of the noise on its way."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from engine.diffusion.inversion.inverter import Evaluation
from engine.diffusion.load import LoadedModel
from engine.diffusion.noise_spec import NoiseSpec
from engine.diffusion.previews import Previewer, PreviewPace
from engine.diffusion.seams.latents import unpack_latents
from engine.diffusion.seams.steps import Step
from engine.rendering.events import Event, PreviewRendered, StepDone
from engine.rendering.requests import InvertJob

_USUAL_EVALUATIONS = 4.0
"""Of one step, before any was inverted."""


class Progress:
    """Counts evaluations, and turns them into events."""

    def __init__(
        self,
        loaded: LoadedModel,
        job: InvertJob,
        spec: NoiseSpec,
        *,
        steps: int,
        emit: Callable[[Event], None],
        check: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        """Begin with no evaluation.

        Args:
            loaded: The model.
            job: The job.
            spec: Its noise.
            steps: The number of steps of the scheduler.
            emit: Takes the events.
            check: Raises if the job was cancelled.
            clock: Returns seconds; it paces the previews.
        """
        self._pipe, self._job, self._spec, self._steps = loaded.pipe, job, spec, steps
        self._emit, self.check, self._pace = emit, check, PreviewPace(clock)
        self._previewer = Previewer(spec.shape, spec.axes, loaded.preview, loaded.tiny)
        self._deepest, self.evaluations, self._last_expected = steps, 0, 0

    def fit(self, start: torch.Tensor, shown: NDArray[np.uint8]) -> None:
        """Learn the colours of the previews from the photograph itself."""
        if not self._previewer.fitted:
            self._previewer.fit(start.numpy(), shown[None])

    def evaluated(self, evaluation: Evaluation) -> None:
        """Report an evaluation of the inversion."""
        self.check()
        self.evaluations += 1
        self._deepest = min(self._deepest, evaluation.index)
        self._report(self._expected())
        if self._job.previews and self._pace.is_due:
            with self._pace.measured(evaluation.latents):
                self._preview(evaluation.latents)

    def stepped(self, step: Step) -> None:
        """Report a step of the rendering that checks the noise."""
        self.check()
        self.evaluations += 1
        self._report(self.evaluations + step.steps - step.step)

    # How many evaluations the other steps will take is not known, so it is assumed that they take as many as those
    # that are done.  The rendering that follows takes one for each step.
    def _expected(self) -> int:
        done = self._steps - self._deepest
        each = self.evaluations / done if done > 1 else _USUAL_EVALUATIONS
        return self.evaluations + math.ceil(each * self._deepest) + self._steps

    # The share that is done never falls: more work than was expected makes it grow more slowly.
    def _report(self, expected: int) -> None:
        if self._last_expected:
            expected = min(expected, self._last_expected * self.evaluations // (self.evaluations - 1))
        self._last_expected = expected
        self._emit(StepDone(job=self._job.job, indices=(0,), step=self.evaluations, steps=expected))

    def _preview(self, latents: torch.Tensor) -> None:
        unpacked = unpack_latents(self._pipe, latents, self._spec.shape, self._job.height, self._job.width)
        for picture in self._previewer.pictures(unpacked / max(1.0, float(unpacked.std()))):
            self._emit(PreviewRendered(job=self._job.job, index=0, picture=picture))
