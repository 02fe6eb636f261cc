"""A whole job: noise by replay, batches, events, cancel, and smaller batches when memory runs out."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import time
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from engine.diffusion.batches import LARGEST, Batch, batch_size, next_batch
from engine.diffusion.compilation import compiler_trouble
from engine.diffusion.load import LoadedModel
from engine.diffusion.provenance import Recorder
from engine.diffusion.render import BatchRenderer, NoiseKind, RenderedBatch
from engine.diffusion.seams.steps import Step, in_words
from engine.errors import OutOfMemoryError, RenderCancelled, RenderError
from engine.rendering.events import Event, JobDone, Picture, PictureRendered, PreviewRendered, StepDone
from engine.rendering.requests import RenderJob
from engine.rendering.settings import RenderSettings
from latentpng.noise.replay import replay
from latentpng.record import Lineage, TensorRoot


class JobRunner:
    """Runs jobs with one loaded model.

    emit: takes the events.  is_cancelled: asked before every batch, after every replayed round, after every step, and
    before every picture that is decoded.
    micro_batch: most pictures in a batch; 0 chooses by device and size.  clock: paces the previews.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        *,
        emit: Callable[[Event], None],
        is_cancelled: Callable[[int], bool],
        micro_batch: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.renderer = BatchRenderer(loaded, clock)
        self._recorder = Recorder(loaded)
        self._device = loaded.device
        self._emit, self._is_cancelled = emit, is_cancelled
        self._micro_batch, self._largest = micro_batch, LARGEST
        self._lacked: tuple[str, ...] = ()

    def run(self, job: RenderJob) -> None:
        """Ends with JobDone; raises RenderCancelled, or what went wrong."""
        started = time.monotonic()
        todo = list(job.tasks)
        most = self._micro_batch or usual_batch(self._device, job.settings)
        size = batch_size(todo, min(most, self._largest))
        kind, self._lacked = self._kind_for(job), ()
        while todo:
            batch = next_batch(todo, min(size, self._largest), self._largest)
            if self._fits(job, batch, kind):
                todo = [task for task in todo if task.index not in batch.indices]
            elif batch.size == 1:
                raise OutOfMemoryError(
                    f"there is not enough memory for one picture of {_pixels(job)}: try a smaller size"
                )
            else:
                self._largest = batch.size // 2
                self._lacked = (f"memory ran out at {batch.size} pictures at once: smaller batches from there on",)
        self._emit(JobDone(job=job.job, seconds=time.monotonic() - started))

    def _kind_for(self, job: RenderJob) -> NoiseKind:
        kind = self.renderer.noise_kind(job.settings)
        tensor = job.root_tensor
        if tensor is not None and tensor.shape != kind.shape and any(_has_tensor(task.lineage) for task in job.tasks):
            raise RenderError(
                f"the stored noise is {in_words(tensor.shape)}, but this model wants {in_words(kind.shape)} at "
                f"{_pixels(job)}: it belongs to another model or size"
            )
        return kind

    def _fits(self, job: RenderJob, batch: Batch, kind: NoiseKind) -> bool:
        """Renders and reports a batch; False when memory ran out, which is free again then."""
        noises = self._noises(job, batch, kind)
        try:
            rendered = self._render(job, batch, np.stack(noises))
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                if sentence := compiler_trouble(error):
                    raise RenderError(sentence) from error
                raise
        else:
            self._report(job, batch, noises, kind, rendered)
            return True
        free_memory()
        return False

    def _noises(self, job: RenderJob, batch: Batch, kind: NoiseKind) -> list[NDArray[np.float16]]:
        """By replay, which a long lineage makes slow: it can be cancelled after every round."""
        noises = []
        for task in batch.places:
            self._check(job)
            noises.append(
                replay(task.lineage, kind.shape, kind.axes, job.root_tensor, tell=lambda *_: self._check(job))
            )
        return noises

    def _check(self, job: RenderJob) -> None:
        if self._is_cancelled(job.job):
            raise RenderCancelled(f"job {job.job} was cancelled")

    def _render(self, job: RenderJob, batch: Batch, noise: NDArray[np.float16]) -> RenderedBatch:
        def on_step(step: Step) -> None:
            self._check(job)
            self._emit(StepDone(job=job.job, indices=batch.indices, step=step.step, steps=step.steps))

        def on_preview(pictures: tuple[Picture, ...]) -> None:
            for slot in batch.kept if pictures else ():
                self._emit(PreviewRendered(job=job.job, index=batch.places[slot].index, picture=pictures[slot]))

        self._check(job)
        lineages = tuple(task.lineage for task in batch.places)
        return self.renderer.render(
            noise,
            job.settings,
            on_step,
            on_preview if job.previews else None,
            lineages=lineages if any(lineage.moves_prompt for lineage in lineages) else (),
            check=lambda: self._check(job),
        )

    def _report(
        self,
        job: RenderJob,
        batch: Batch,
        noises: list[NDArray[np.float16]],
        kind: NoiseKind,
        rendered: RenderedBatch,
    ) -> None:
        for slot in batch.kept:
            task, image = batch.places[slot], rendered.pixels[slot]
            warnings = (*rendered.warnings[slot], *self._lacked)
            picture = Picture(width=image.shape[1], height=image.shape[0], rgb=image.tobytes())
            record = self._recorder.record(
                job,
                task,
                noises[slot],
                axes=kind.axes,
                slot=(batch.size, slot),
                rgb=picture.rgb,
                warnings=warnings,
                moved_prompt=rendered.moved_prompt if task.lineage.moves_prompt else "",
            )
            warning = "; ".join(warnings)
            self._emit(PictureRendered(job=job.job, index=task.index, picture=picture, record=record, warning=warning))


def usual_batch(device: str, settings: RenderSettings) -> int:
    """Pictures in a batch when nobody says: the first of them should come soon, and all of them fast."""
    pixels = settings.width * settings.height
    if torch.device(device).type == "cuda":
        return 8 if pixels <= 512 * 512 else 4 if pixels <= 1024 * 1024 else 2
    return 8 if pixels <= 256 * 256 else 1


def is_out_of_memory(error: BaseException) -> bool:
    """On a GPU torch has a class for it, on a CPU only a text."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).casefold()
    return "out of memory" in text or "can't allocate memory" in text or "not enough memory" in text


def free_memory() -> None:
    """Gives back what a failed batch left behind."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError, TypeError):  # glibc only; the worker's allocator keeps otherwise
        ctypes.CDLL(None).malloc_trim(0)
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _has_tensor(lineage: Lineage) -> bool:
    return isinstance(lineage.root, TensorRoot)


def _pixels(job: RenderJob) -> str:
    return f"{job.settings.width} x {job.settings.height} pixels"
