"""A whole job: noise by replay, batches, events, cancel, and smaller batches when memory runs out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from engine.diffusion.batches import Batch, largest_batch, next_batch
from engine.diffusion.calls import picture_of
from engine.diffusion.compilation import compiler_message
from engine.diffusion.inversion.job import InversionRunner
from engine.diffusion.load import LoadedModel
from engine.diffusion.messages import shape_text
from engine.diffusion.noise_spec import NoiseSpec
from engine.diffusion.out_of_memory import free_memory, is_out_of_memory
from engine.diffusion.provenance import Recorder
from engine.diffusion.render import BatchRenderer, RenderedBatch
from engine.diffusion.seams.steps import Step
from engine.errors import OutOfMemoryError, RenderCancelled, RenderError
from engine.rendering.events import DraftRendered, Event, JobDone, Picture, PictureRendered, PreviewRendered, StepDone
from engine.rendering.requests import InvertJob, RenderJob
from engine.rendering.settings import RenderSettings
from engine.rendering.slots import placed
from latentpng.noise.replay import replay
from latentpng.record import JsonObject, Lineage, TensorRoot


class JobRunner:
    """Runs jobs with one loaded model, one after the other."""

    def __init__(
        self,
        loaded: LoadedModel,
        *,
        emit: Callable[[Event], None],
        is_cancelled: Callable[[int], bool],
        micro_batch: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Create the runner of a model.

        Args:
            loaded: The model.
            emit: Takes the events.
            is_cancelled: Takes the number of a job; it is called before every batch, after every replayed round,
                after every step, and before every picture that is decoded.
            micro_batch: The maximum batch size; 0 chooses one for the device and the size of the pictures.
            clock: Returns seconds; it paces the previews.
        """
        self.renderer = BatchRenderer(loaded, clock)
        self._recorder = Recorder(loaded)
        self._device = loaded.device
        self._emit, self._is_cancelled = emit, is_cancelled
        self._inversions = InversionRunner(loaded, self.renderer, emit=emit, is_cancelled=is_cancelled, clock=clock)
        self._micro_batch, self._max_batch = micro_batch, largest_batch(type(loaded.pipe).__name__)
        self._memory_warnings: tuple[str, ...] = ()

    @property
    def software(self) -> JsonObject:
        """What the records of pictures say about the software and the device."""
        return self._recorder.software

    def largest_batch(self, settings: RenderSettings) -> int:
        """Return the size of the largest batch of tasks without a recorded slot that is made of pictures of a size."""
        return min(self._micro_batch or default_batch_size(self._device, settings), self._max_batch)

    # A batch that does not fit into memory is halved and tried again, down to a single picture; the maximum stays for
    # the jobs that follow.  The size is part of each record, since the pixels depend on it a little.
    def run(self, job: RenderJob) -> None:
        """Render all pictures of a job, and emit their events, JobDone as the last one.

        A job that stops after some steps ends with previews in place of pictures; without any where its latents cannot
        be shown.  One of drafts ends with drafts in place of pictures.

        Raises:
            RenderCancelled: The job was cancelled.
            OutOfMemoryError: The memory does not suffice for a single picture.
            RenderError: The stored noise does not fit the model, or the compiler failed.
        """
        started = time.monotonic()
        tasks = list(placed(job.tasks))
        size = self.largest_batch(job.settings)
        spec, self._memory_warnings = self._noise_spec(job), ()
        while tasks:
            batch = next_batch(tasks, min(size, self._max_batch), self._max_batch, is_even=bool(job.stop_after))
            if self._try_batch(job, batch, spec):
                tasks = [task for task in tasks if task.index not in batch.indices]
            elif batch.size == 1:
                raise OutOfMemoryError(_too_little_memory(job.settings))
            else:
                self._max_batch = batch.size // 2
                self._memory_warnings = (f"memory ran out with a batch of {batch.size}: later batches are smaller",)
        self._emit(JobDone(job=job.job, seconds=time.monotonic() - started))

    def invert(self, job: InvertJob) -> None:
        """Find the initial noise of a photograph, and emit PhotoInverted and JobDone.

        Raises:
            RenderCancelled: The job was cancelled.
            InvalidRequestError: The scheduler cannot be inverted, or the size is too large to be stored.
            ModelError: The model cannot be inverted.
            OutOfMemoryError: The memory does not suffice.
            RenderError: No noise was found that can be stored, or the compiler failed.
        """
        started = time.monotonic()
        try:
            self._inversions.run(job)
        except (MemoryError, RuntimeError) as error:
            if is_out_of_memory(error):
                free_memory()
                raise OutOfMemoryError(_too_little_memory(job.settings)) from error
            if message := compiler_message(error):
                raise RenderError(message) from error
            raise
        self._emit(JobDone(job=job.job, seconds=time.monotonic() - started))

    def _noise_spec(self, job: RenderJob) -> NoiseSpec:
        spec = self.renderer.noise_spec(job.settings)
        tensor = job.root_tensor
        if tensor is not None and tensor.shape != spec.shape and any(_has_tensor(task.lineage) for task in job.tasks):
            raise RenderError(
                f"the stored noise has the shape {shape_text(tensor.shape)}, but this model needs "
                f"{shape_text(spec.shape)} at {_size_text(job.settings)}: it belongs to another model or size"
            )
        return spec

    def _try_batch(self, job: RenderJob, batch: Batch, spec: NoiseSpec) -> bool:
        """Render and report a batch; return False if memory ran out, after freeing what the attempt left behind."""
        noises = self._noises(job, batch, spec)
        try:
            events = self._events(job, batch, noises, spec)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                if message := compiler_message(error):
                    raise RenderError(message) from error
                raise
        else:
            for event in events:
                self._emit(event)
            return True
        free_memory()
        return False

    def _noises(self, job: RenderJob, batch: Batch, spec: NoiseSpec) -> list[NDArray[np.float16]]:
        """Replay the noise of each slot; a long lineage is slow, so this can be cancelled after every round."""
        noises = []
        for task in batch.tasks:
            self._check(job)
            noises.append(
                replay(task.lineage, spec.shape, spec.axes, job.root_tensor, on_progress=lambda *_: self._check(job))
            )
        return noises

    def _check(self, job: RenderJob) -> None:
        if self._is_cancelled(job.job):
            raise RenderCancelled(f"job {job.job} was cancelled")

    def _events(
        self, job: RenderJob, batch: Batch, noises: list[NDArray[np.float16]], spec: NoiseSpec
    ) -> Iterable[Event]:
        """Run a batch, and return the events that say what came of it."""
        noise = np.stack(noises)
        self._check(job)
        if job.stop_after:
            return self._predict(job, batch, noise)
        if job.is_draft:
            return self._drafts(job, batch, noise)
        return self._finished(job, batch, noises, spec, self._render(job, batch, noise))

    def _predict(self, job: RenderJob, batch: Batch, noise: NDArray[np.float16]) -> list[PreviewRendered]:
        pictures = self.renderer.predict(
            noise,
            job.settings,
            job.stop_after,
            self._on_step(job, batch),
            lineages=_moving_prompt(batch),
            check=lambda: self._check(job),
        )
        return [
            PreviewRendered(job=job.job, index=batch.tasks[slot].index, picture=pictures[slot])
            for slot in (batch.used if pictures else ())
        ]

    def _drafts(self, job: RenderJob, batch: Batch, noise: NDArray[np.float16]) -> list[DraftRendered]:
        pictures = self.renderer.draft(
            noise,
            job.settings,
            self._on_step(job, batch),
            self._on_preview(job, batch),
            lineages=_moving_prompt(batch),
            check=lambda: self._check(job),
        )
        return [
            DraftRendered(job=job.job, index=batch.tasks[slot].index, picture=pictures[slot]) for slot in batch.used
        ]

    def _on_step(self, job: RenderJob, batch: Batch) -> Callable[[Step], None]:
        def on_step(step: Step) -> None:
            self._check(job)
            steps = min(step.steps, job.stop_after or step.steps)
            self._emit(StepDone(job=job.job, indices=batch.indices, step=step.step, steps=steps))

        return on_step

    def _on_preview(self, job: RenderJob, batch: Batch) -> Callable[[tuple[Picture, ...]], None] | None:
        def on_preview(pictures: tuple[Picture, ...]) -> None:
            for slot in batch.used if pictures else ():
                self._emit(PreviewRendered(job=job.job, index=batch.tasks[slot].index, picture=pictures[slot]))

        return on_preview if job.previews else None

    def _render(self, job: RenderJob, batch: Batch, noise: NDArray[np.float16]) -> RenderedBatch:
        return self.renderer.render(
            noise,
            job.settings,
            self._on_step(job, batch),
            self._on_preview(job, batch),
            lineages=_moving_prompt(batch),
            check=lambda: self._check(job),
        )

    def _finished(
        self,
        job: RenderJob,
        batch: Batch,
        noises: list[NDArray[np.float16]],
        spec: NoiseSpec,
        rendered: RenderedBatch,
    ) -> Iterator[PictureRendered]:
        for slot in batch.used:
            task, image = batch.tasks[slot], rendered.pixels[slot]
            warnings = (*rendered.warnings[slot], *self._memory_warnings)
            picture = picture_of(image)
            record = self._recorder.record(
                job,
                task,
                noises[slot],
                axes=spec.axes,
                slot=(batch.size, slot),
                rgb=picture.rgb,
                warnings=warnings,
                moved_prompt=rendered.moved_prompt if task.lineage.moves_prompt else "",
            )
            warning = "; ".join(warnings)
            yield PictureRendered(job=job.job, index=task.index, picture=picture, record=record, warning=warning)


def default_batch_size(device: str, settings: RenderSettings) -> int:
    """Return a maximum batch size for a device: small enough for an early first picture, large enough for speed."""
    pixels = settings.width * settings.height
    if torch.device(device).type == "cuda":
        return 8 if pixels <= 512 * 512 else 4 if pixels <= 1024 * 1024 else 2
    return 8 if pixels <= 256 * 256 else 1


def _moving_prompt(batch: Batch) -> tuple[Lineage, ...]:
    """Return the lineages of a batch if the prompt of one of them is offset; else nothing."""
    lineages = tuple(task.lineage for task in batch.tasks)
    return lineages if any(lineage.moves_prompt for lineage in lineages) else ()


def _has_tensor(lineage: Lineage) -> bool:
    return isinstance(lineage.root, TensorRoot)


def _too_little_memory(settings: RenderSettings) -> str:
    return f"there is not enough memory for one picture of {_size_text(settings)}: try a smaller size"


def _size_text(settings: RenderSettings) -> str:
    return f"{settings.width} x {settings.height} pixels"
