"""A whole inversion: the photograph's noise, the picture that it renders, how good both are, and the events."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from engine.diffusion.inversion.inverter import Inverter, check_model
from engine.diffusion.inversion.latents import LatentMap
from engine.diffusion.inversion.progress import Progress
from engine.diffusion.inversion.report import Found, quality_warnings, source_of
from engine.diffusion.inversion.supported import check_invertible, steadier_choice
from engine.diffusion.inversion.trajectory import Effort
from engine.diffusion.load import LoadedModel
from engine.diffusion.noise_spec import NoiseSpec
from engine.diffusion.provenance import Recorder
from engine.diffusion.render import BatchRenderer
from engine.errors import InvalidRequestError, RenderCancelled, RenderError
from engine.photos.quality import noise_statistics
from engine.rendering.events import Event, PhotoInverted, Picture
from engine.rendering.requests import InversionWay, InvertJob, PictureTask, RenderJob
from latentpng.noise.replay import root_noise
from latentpng.record import LatentRecord, Lineage, TensorRoot
from latentpng.shapes import MAX_STORED

_EFFORT = Effort()
_MULTIPLE = 64


class InversionRunner:
    """Runs inversions with one loaded model, one after the other."""

    def __init__(
        self,
        loaded: LoadedModel,
        renderer: BatchRenderer,
        *,
        emit: Callable[[Event], None],
        is_cancelled: Callable[[int], bool],
        clock: Callable[[], float],
    ) -> None:
        """Create the runner of a model.

        Args:
            loaded: The model.
            renderer: Renders with it.
            emit: Takes the events.
            is_cancelled: Takes the number of a job; it is called after every evaluation and before every decoding.
            clock: Returns seconds; it paces the previews.
        """
        self._loaded, self._renderer, self._recorder = loaded, renderer, Recorder(loaded)
        self._emit, self._is_cancelled, self._clock = emit, is_cancelled, clock
        self._measured: tuple[str, LatentMap] | None = None

    def run(self, job: InvertJob) -> None:
        """Find the noise, render it, and emit PhotoInverted.

        Raises:
            RenderCancelled: The job was cancelled.
            InvalidRequestError: The scheduler cannot be inverted, or the size is too large to be stored.
            ModelError: The model cannot be inverted.
            RenderError: No noise was found that can be stored.
        """
        spec = self._checked_spec(job)
        inverter = self._inverter(job, spec)
        progress = Progress(
            self._loaded,
            job,
            spec,
            steps=inverter.steps,
            emit=self._emit,
            check=lambda: self._check(job),
            clock=self._clock,
        )
        progress.check()
        photo = np.frombuffer(job.rgb, np.uint8).reshape(job.height, job.width, 3)
        start = inverter.start_of(photo)
        progress.check()
        shown = inverter.shown(start)
        progress.fit(start, shown)
        noising = _noising(job, spec) if job.way is InversionWay.FREE else None
        noise = _stored(inverter.noise_of(start, _EFFORT, progress.evaluated, noising))
        evaluations = progress.evaluations
        rendered = self._renderer.render(noise[None], inverter.settings, progress.stepped, check=progress.check)
        found = Found(noise=noise, rendered=rendered, photo=job.rgb, shown=shown.tobytes(), evaluations=evaluations)
        self._report(job, inverter, spec, found)

    def _inverter(self, job: InvertJob, spec: NoiseSpec) -> Inverter:
        """Return the inverter of a job; what was measured for the last one is used again if only the prompt differs."""
        key = repr(replace(job.settings, prompt="", negative_prompt="", step_seed=0))
        known = self._measured[1] if self._measured and self._measured[0] == key else None
        inverter = Inverter(self._loaded, job.settings, spec.shape, known)
        self._measured = (key, inverter.map)
        return inverter

    def _check(self, job: InvertJob) -> None:
        if self._is_cancelled(job.job):
            raise RenderCancelled(f"job {job.job} was cancelled")

    def _checked_spec(self, job: InvertJob) -> NoiseSpec:
        settings, own = job.settings, self._loaded.own
        if (job.width, job.height) != (settings.width, settings.height) or len(job.rgb) != job.width * job.height * 3:
            raise InvalidRequestError(
                f"the photograph has to have the size of the settings, {settings.width} x {settings.height} pixels, "
                f"found {job.width} x {job.height}"
            )
        if job.way is InversionWay.FREE and settings.num_inference_steps < 2:
            raise InvalidRequestError("the free way replaces the last step by noise: take 2 steps or more")
        check_model(self._loaded)
        check_invertible(own.build(settings.scheduler), settings.scheduler, own.usable)
        spec = self._renderer.noise_spec(settings)
        if (count := math.prod(spec.shape)) > MAX_STORED:
            raise InvalidRequestError(
                f"a picture of {job.width} x {job.height} pixels has {count} values of noise, but a file can store at "
                f"most {MAX_STORED}: {_largest(job, count)} is the largest size of this shape that works"
            )
        return spec

    def _report(self, job: InvertJob, inverter: Inverter, spec: NoiseSpec, found: Found) -> None:
        statistics = noise_statistics(found.noise, spec.axes)
        decibels = found.decibels()
        source = {
            **job.source,
            **source_of(job, inverter.settings, inverter.scheduler, found.evaluations),
            **decibels,
            **statistics.to_json(),
        }
        advice = steadier_choice(inverter.scheduler, self._loaded.own.usable)
        warnings = (*found.rendered.warnings[0], *quality_warnings(statistics, decibels, advice))
        picture = Picture(width=job.width, height=job.height, rgb=found.rgb)
        record = self._record(job, inverter, spec, found, TensorRoot(source=source))
        self._emit(PhotoInverted(job=job.job, picture=picture, record=record, warning="; ".join(warnings)))

    def _record(
        self, job: InvertJob, inverter: Inverter, spec: NoiseSpec, found: Found, root: TensorRoot
    ) -> LatentRecord:
        task = PictureTask(index=0, lineage=Lineage(root=root))
        rendering = RenderJob(job=job.job, tasks=(task,), settings=inverter.settings, root_tensor=found.noise)
        return self._recorder.record(
            rendering,
            task,
            found.noise,
            axes=spec.axes,
            slot=(1, 0),
            rgb=found.rgb,
            warnings=found.rendered.warnings[0],
            moved_prompt="",
        )


def _noising(job: InvertJob, spec: NoiseSpec) -> torch.Tensor:
    """Return the noise that replaces the inversion of the cleanest step: that of a seeded root with the job's seed."""
    return torch.from_numpy(root_noise(job.seed, spec.shape).astype(np.float32))[None]


def _stored(noise: torch.Tensor) -> NDArray[np.float16]:
    """Return noise without its batch as a file stores it; it is not normalised, or it would not repeat the picture."""
    with np.errstate(over="ignore"):
        stored: NDArray[np.float16] = noise.numpy()[0].astype(np.float16)
    if not np.isfinite(stored).all():
        raise RenderError("no noise was found that repeats the photograph: try another scheduler, dtype or prompt")
    return stored


def _largest(job: InvertJob, count: int) -> str:
    """Return the largest size of a shape whose noise a file can store."""
    factor = math.sqrt(MAX_STORED / count)
    width, height = (max(_MULTIPLE, int(side * factor) // _MULTIPLE * _MULTIPLE) for side in (job.width, job.height))
    return f"{width} x {height}"
