"""A renderer without a model: it paints colours straight from the initial noise, so that siblings look different.

It keeps every rule of the `Renderer` protocol (order, cancel within one step, one last event a job) and never imports
torch.  Tests control it: `hold()` stops it before the next step, `fail_next` and `die_next` make the next job fail, and
`loads`, `jobs` and `cancels` hold the requests.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from operator import itemgetter
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from engine.errors import RenderCancelled
from engine.models.find import model_identity
from engine.models.look import INDEX
from engine.photos.quality import noise_statistics
from engine.rendering.events import (
    LOADING,
    DraftRendered,
    Event,
    Failure,
    JobCancelled,
    JobDone,
    JobFailed,
    LoadingProgressed,
    ModelReady,
    PhotoInverted,
    Picture,
    PictureRendered,
    PreviewRendered,
    StepDone,
    WorkerDied,
)
from engine.rendering.requests import CancelJob, CancelRound, InvertJob, Job, LoadModel, PictureTask, RenderJob
from engine.rendering.settings import RenderSettings
from engine.worker.queue import JobQueue
from latentpng.noise.prompt_offset import prompt_offset
from latentpng.noise.replay import record_of, replay
from latentpng.png.files import pixel_digest
from latentpng.record import Json, JsonObject, Lineage, SeedRoot, TensorRoot

if TYPE_CHECKING:
    from numpy.typing import NDArray

Noise: TypeAlias = "NDArray[np.float16]"

_PIPELINE = "FakePipeline"
_CELLS = 4
_SOFTWARE: JsonObject = {"device": "fake"}
DRAFT_STRENGTH = 0.75
"""Drafts are a little grey, so that a test can tell them from pictures."""


class FakeRenderer:
    """A Renderer without a model.

    Attributes:
        loads: The loads that were requested.
        jobs: The jobs that were requested, without inversions.
        inversions: The inversions that were requested.
        cancels: The numbers of the jobs that were to be cancelled.
        predicts: Whether a job that stops after some steps gets previews, as from most schedulers.
        inversion_warning: The warning that every inverted photograph comes with.
        closed: True after `close`.
    """

    def __init__(
        self,
        *,
        noise_shape: tuple[int, ...] = (4, 16, 16),
        axes: str = "CHW",
        steps: int = 3,
        step_seconds: float = 0.0,
        micro_batch: int = 4,
        threaded: bool = True,
    ) -> None:
        """Start nothing yet.

        Args:
            noise_shape: The shape of one picture's noise, whatever its size.
            axes: The axes of that noise.
            steps: The denoising steps of a batch, whatever the settings say; half as many for drafts, rounded up.
            step_seconds: How long a step takes.
            micro_batch: The batch size, where a load does not set one.
            threaded: False handles every request inside the call, for tests that do not want to wait.
        """
        self.loads: list[LoadModel] = []
        self.jobs: list[RenderJob] = []
        self.inversions: list[InvertJob] = []
        self.cancels: list[int] = []
        self.predicts = True
        self.inversion_warning = ""
        self.closed = False
        self._noise_shape, self._axes = noise_shape, axes
        self._steps, self._step_seconds, self._micro_batch = steps, step_seconds, micro_batch
        self._gate = threading.Event()
        self._gate.set()
        self._until_hold = self._done = self._asked_batch = 0
        self._model: dict[str, Json] = {"name": "fake", "pipeline": _PIPELINE, "fingerprint": ""}
        self._failures: list[tuple[int, Failure, str]] = []
        self._load_failure, self._load_failure_kind = "", Failure.MODEL
        self._queue = JobQueue()
        self._thread = threading.Thread(target=self._work, name="fake renderer", daemon=True) if threaded else None
        self._on_event: Callable[[Event], None] = _ignore

    def hold(self) -> None:
        """Stop before the next step, until `release`."""
        self._gate.clear()

    def hold_after(self, pictures: int) -> None:
        """Stop as soon as so many more pictures are done, until `release`."""
        self._until_hold = pictures

    def release(self) -> None:
        """Continue after `hold`."""
        self._gate.set()

    def fail_next(self, sentence: str, failure: Failure = Failure.MEMORY) -> None:
        """Let the next job fail before its first step."""
        self._failures.append((0, failure, sentence))

    def die_next(self, sentence: str, after: int = 0) -> None:
        """Let the next job crash the worker once `after` more pictures are done: JobFailed, then WorkerDied."""
        self._failures.append((self._done + after, Failure.CRASH, sentence))

    def fail_loading(self, sentence: str, failure: Failure = Failure.MODEL) -> None:
        """Let the next load fail."""
        self._load_failure, self._load_failure_kind = sentence, failure

    def start(self, on_event: Callable[[Event], None]) -> None:
        """Start to work, as `Renderer.start`."""
        self._on_event = on_event
        if self._thread is not None:
            self._thread.start()

    def load(self, request: LoadModel) -> None:
        """Answer with ModelReady."""
        self.loads.append(request)
        self._put(request)

    def render(self, job: Job) -> None:
        """Render a job, as `Renderer.render`."""
        if isinstance(job, InvertJob):
            self.inversions.append(job)
        else:
            self.jobs.append(job)
        self._put(job)

    def cancel(self, job: int) -> None:
        """Stop a job within one step."""
        self.cancels.append(job)
        self._queue.cancel(CancelJob(job=job))

    def cancel_round(self, round_id: int) -> None:
        """Stop every job of a round."""
        self._queue.cancel(CancelRound(round_id=round_id))

    def close(self) -> None:
        """Stop all work, and join the thread."""
        self.closed = True
        if self._thread is not None:
            self._queue.close()
            self._thread.join()

    def _put(self, request: LoadModel | Job) -> None:
        self._queue.put(request)
        if self._thread is None:
            self._work_one()

    def _work(self) -> None:
        while self._work_one():
            pass

    def _work_one(self) -> bool:
        """Answer one request; return False when the queue is closed."""
        request = self._queue.get()
        if request is None:
            return False
        self._answer(request)
        return True

    def _answer(self, request: LoadModel | Job) -> None:
        if isinstance(request, LoadModel):
            self._load(request)
            return
        try:
            if isinstance(request, InvertJob):
                self._invert(request)
            else:
                self._render(request)
        except RenderCancelled:
            self._on_event(JobCancelled(job=request.job))
        finally:
            self._queue.done(request.job)

    def _load(self, request: LoadModel) -> None:
        self._on_event(LoadingProgressed(stage="loading weights"))
        self._asked_batch = request.micro_batch
        if (request.model.folder / INDEX).is_file():
            self._model = model_identity(request.model, request.memory)
        if self._load_failure:
            sentence, self._load_failure = self._load_failure, ""
            self._on_event(JobFailed(job=LOADING, failure=self._load_failure_kind, sentence=sentence))
            return
        self._on_event(
            ModelReady(
                request=request,
                noise_shape=self._noise_shape,
                noise_axes=self._axes,
                pipeline=_PIPELINE,
                schedulers=("DDIMScheduler", "EulerDiscreteScheduler"),
                device="cpu",
                dtype="float32",
                batch=self._asked_batch or self._micro_batch,
                fingerprint=str(self._model["fingerprint"]),
                software=_SOFTWARE,
            )
        )

    def _invert(self, job: InvertJob) -> None:
        """Answer with noise that depends on the seed alone, and with the photograph as it is."""
        started = time.monotonic()
        noise = replay(Lineage(root=SeedRoot(seed=job.seed)), self._noise_shape, self._axes)
        for step in range(1, self._steps + 1):
            self._wait(job.job)
            if self._has_failed(job.job):
                return
            self._on_event(StepDone(job=job.job, indices=(0,), step=step, steps=self._steps))
            if job.previews and step < self._steps:
                preview = paint(noise, self._axes, 16, 16, strength=step / self._steps)
                self._on_event(PreviewRendered(job=job.job, index=0, picture=preview))
        found = {"method": "fake", "way": job.way.value, "psnr": 27.9, "vae_psnr": 60.3, "vae_only": 28.7}
        statistics = noise_statistics(noise, self._axes)
        record = record_of(
            Lineage(root=TensorRoot(source={**job.source, **found, **statistics.to_json()})),
            noise,
            axes=self._axes,
            root_tensor=noise,
            settings={**job.settings.to_json(), "model": self._model, "slot": [1, 0], "dtype": "float32"},
            software=_SOFTWARE,
            pixels=pixel_digest(job.rgb),
        )
        picture = Picture(width=job.width, height=job.height, rgb=job.rgb)
        self._on_event(PhotoInverted(job=job.job, picture=picture, record=record, warning=self.inversion_warning))
        self._on_event(JobDone(job=job.job, seconds=time.monotonic() - started))

    def _render(self, job: RenderJob) -> None:
        started = time.monotonic()
        if job.root_tensor is not None and job.root_tensor.shape != self._noise_shape:
            sentence = f"the picture's noise has the shape {job.root_tensor.shape}, the model's {self._noise_shape}"
            self._fail(job.job, Failure.SETTINGS, sentence)
            return
        for tasks in _batches(job.tasks, self._asked_batch or self._micro_batch):
            if not self._render_batch(job, tasks):
                return
        self._on_event(JobDone(job=job.job, seconds=time.monotonic() - started))

    def _render_batch(self, job: RenderJob, tasks: tuple[PictureTask, ...]) -> bool:
        """Render one batch; return False when the job failed."""
        noises = [replay(task.lineage, self._noise_shape, self._axes, job.root_tensor) for task in tasks]
        whole = (self._steps + 1) // 2 if job.is_draft else self._steps
        steps = min(whole, job.stop_after or whole)
        for step in range(1, steps + 1):
            self._wait(job.job)
            if self._has_failed(job.job):
                return False
            indices = tuple(task.index for task in tasks)
            self._on_event(StepDone(job=job.job, indices=indices, step=step, steps=steps))
            if job.previews and step < whole and not job.stop_after:
                self._send_previews(job.job, tasks, noises, step)
        if job.stop_after:
            if self.predicts:
                self._send_previews(job.job, tasks, noises, steps)
            return True
        finish = self._drafted if job.is_draft else self._finished
        for task, noise in zip(tasks, noises, strict=True):
            self._on_event(finish(job, task, noise))
            self._done += 1
            self._until_hold -= 1
            if self._until_hold == 0:
                self.hold()
        return True

    def _wait(self, job: int) -> None:
        """Wait for the time of one step, and while the renderer is held; RenderCancelled once the job is cancelled."""
        until = time.monotonic() + self._step_seconds
        while not self._gate.is_set() or time.monotonic() < until:
            self._check(job)
            self._gate.wait(0.002)
            if self._step_seconds:
                time.sleep(min(0.002, self._step_seconds))
        self._check(job)

    def _check(self, job: int) -> None:
        if self.closed or self._queue.is_cancelled(job):
            raise RenderCancelled(f"job {job} was cancelled")

    def _has_failed(self, job: int) -> bool:
        """Report the failure whose turn it is, if there is one."""
        if not self._failures or self._done < self._failures[0][0]:
            return False
        _, failure, sentence = self._failures.pop(0)
        self._fail(job, failure, sentence)
        return True

    def _fail(self, job: int, failure: Failure, sentence: str) -> None:
        self._on_event(JobFailed(job=job, failure=failure, sentence=sentence))
        if failure is Failure.CRASH:
            self._on_event(WorkerDied(sentence=sentence))

    def _send_previews(self, job: int, tasks: tuple[PictureTask, ...], noises: list[Noise], step: int) -> None:
        for task, noise in zip(tasks, noises, strict=True):
            picture = paint(painted_noise(noise, task.lineage), self._axes, 16, 16, strength=step / self._steps)
            self._on_event(PreviewRendered(job=job, index=task.index, picture=picture))

    def _drafted(self, job: RenderJob, task: PictureTask, noise: Noise) -> DraftRendered:
        settings, painted = job.settings, painted_noise(noise, task.lineage)
        picture = paint(painted, self._axes, settings.width, settings.height, strength=DRAFT_STRENGTH)
        return DraftRendered(job=job.job, index=task.index, picture=picture)

    def _finished(self, job: RenderJob, task: PictureTask, noise: Noise) -> PictureRendered:
        settings: RenderSettings = job.settings
        picture = paint(painted_noise(noise, task.lineage), self._axes, settings.width, settings.height)
        record = record_of(
            task.lineage,
            noise,
            axes=self._axes,
            root_tensor=job.root_tensor,
            settings={
                **settings.to_json(),
                "model": self._model,
                "slot": list(task.slot),
                "dtype": "float32",
                **({"moved_prompt": str(noise.size)} if task.lineage.moves_prompt else {}),
            },
            software=_SOFTWARE,
            pixels=pixel_digest(picture.rgb),
        )
        return PictureRendered(job=job.job, index=task.index, picture=picture, record=record)


def _batches(tasks: tuple[PictureTask, ...], size: int) -> Iterator[tuple[PictureTask, ...]]:
    """Yield tasks with their slots, those of one batch together, as a worker packs them; recorded slots stand apart."""
    slots = {}
    for position, task in enumerate(tasks):
        count, at = task.among if task.among[0] else (len(tasks), position)
        batch = max(1, min(size, count))
        kept = task.slot if task.slot[0] else (batch, at % batch)
        slots[task.index] = ((task.slot[0] > 0, at // batch), replace(task, slot=kept))
    for _, some in itertools.groupby(slots.values(), key=itemgetter(0)):
        yield tuple(task for _, task in some)


def painted_noise(noise: Noise, lineage: Lineage) -> Noise:
    """Return the noise that is painted: rounds that move the prompt move it too, since there is no prompt here."""
    if not lineage.moves_prompt:
        return noise
    return noise + prompt_offset(lineage, 0, noise.size).reshape(noise.shape)


def paint(noise: Noise, axes: str, width: int, height: int, strength: float = 1.0) -> Picture:
    """Return a smooth coloured picture that depends on the noise alone.

    Args:
        noise: The noise, float16, any shape.
        axes: Its axes; without "H" and "W" it is painted as one row.
        width: In pixels.
        height: In pixels.
        strength: 1 for full colours, 0 for grey.
    """
    planes = np.asarray(noise, dtype=np.float32)
    if "H" in axes and "W" in axes:
        planes = np.moveaxis(planes, (axes.index("H"), axes.index("W")), (-2, -1))
        planes = planes.reshape(-1, *planes.shape[-2:])
    else:
        planes = planes.reshape(1, 1, -1)
    cells = np.stack([_coarse(np.roll(planes, -channel, axis=0)[0]) for channel in range(3)], axis=-1)
    values = 128.0 + 110.0 * strength * np.tanh(cells)
    rows = np.arange(height) * cells.shape[0] // height
    columns = np.arange(width) * cells.shape[1] // width
    rgb = values.astype(np.uint8)[rows][:, columns]
    return Picture(width=width, height=height, rgb=rgb.tobytes())


def _coarse(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the means over about 4 x 4 cells, scaled back to unit variance."""
    bands = [
        np.array_split(band, min(_CELLS, plane.shape[1]), axis=1)
        for band in np.array_split(plane, min(_CELLS, plane.shape[0]), axis=0)
    ]
    return np.array([[cell.mean() * np.sqrt(cell.size) for cell in band] for band in bands], dtype=np.float32)


def _ignore(event: Event) -> None:
    """Stand in for the callback until `start`."""
