"""A renderer without a model: colours straight from the initial noise, so that siblings look different.

It keeps every rule of the Protocol (order, cancel within one step, one last event a job) and never imports torch.
Tests drive it: `hold()` stops it before the next step, `fail_next` and `die_next` make the next job go wrong, and
`loads`, `jobs` and `cancels` tell what it was asked for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from engine.errors import RenderCancelled
from engine.models.find import model_identity
from engine.models.look import INDEX
from engine.rendering.events import (
    LOADING,
    Event,
    Failure,
    JobCancelled,
    JobDone,
    JobFailed,
    LoadingProgressed,
    ModelReady,
    Picture,
    PictureRendered,
    PreviewRendered,
    StepDone,
    WorkerDied,
)
from engine.rendering.requests import CancelJob, CancelRound, LoadModel, PictureTask, RenderJob
from engine.rendering.settings import RenderSettings
from engine.worker.queue import JobQueue
from latentpng.noise.prompt_offset import prompt_offset
from latentpng.noise.replay import record_of, replay
from latentpng.png.files import pixel_digest
from latentpng.record import Json, Lineage

if TYPE_CHECKING:
    from numpy.typing import NDArray

Noise: TypeAlias = "NDArray[np.float16]"

_PIPELINE = "FakePipeline"
_CELLS = 4


class FakeRenderer:
    """Renders without a model.

    noise_shape, axes: of one picture, whatever its size.  steps: denoising steps of a batch, whatever the settings ask.
    step_seconds: how long a step takes.  micro_batch: pictures in a batch, when a load does not say.
    threaded: False runs every request inside the call, for tests that want no waiting.
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
        self.loads: list[LoadModel] = []
        self.jobs: list[RenderJob] = []
        self.cancels: list[int] = []
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
        """Stops before the next step, until `release`."""
        self._gate.clear()

    def hold_after(self, pictures: int) -> None:
        """Stops as soon as so many more pictures are done, until `release`."""
        self._until_hold = pictures

    def release(self) -> None:
        """Goes on."""
        self._gate.set()

    def fail_next(self, sentence: str, failure: Failure = Failure.MEMORY) -> None:
        """The next job fails after its first step."""
        self._failures.append((0, failure, sentence))

    def die_next(self, sentence: str, after: int = 0) -> None:
        """The next job takes the worker with it, once `after` more pictures are done: JobFailed, then WorkerDied."""
        self._failures.append((self._done + after, Failure.CRASH, sentence))

    def fail_loading(self, sentence: str, failure: Failure = Failure.MODEL) -> None:
        """The next `load` fails."""
        self._load_failure, self._load_failure_kind = sentence, failure

    def start(self, on_event: Callable[[Event], None]) -> None:
        """Begins to run."""
        self._on_event = on_event
        if self._thread is not None:
            self._thread.start()

    def load(self, request: LoadModel) -> None:
        """Answers ModelReady."""
        self.loads.append(request)
        self._put(request)

    def render(self, job: RenderJob) -> None:
        """Renders after the jobs before it."""
        self.jobs.append(job)
        self._put(job)

    def cancel(self, job: int) -> None:
        """Stops a job within one step."""
        self.cancels.append(job)
        self._queue.cancel(CancelJob(job=job))

    def cancel_round(self, round_id: int) -> None:
        """Stops all jobs of a round."""
        self._queue.cancel(CancelRound(round_id=round_id))

    def close(self) -> None:
        """Ends and joins."""
        self.closed = True
        if self._thread is not None:
            self._queue.close()
            self._thread.join()

    def _put(self, request: LoadModel | RenderJob) -> None:
        self._queue.put(request)
        if self._thread is None:
            self._work_one()

    def _work(self) -> None:
        while self._work_one():
            pass

    def _work_one(self) -> bool:
        """False when all is over."""
        request = self._queue.get()
        if request is None:
            return False
        self._answer(request)
        return True

    def _answer(self, request: LoadModel | RenderJob) -> None:
        if isinstance(request, LoadModel):
            self._load(request)
            return
        try:
            self._render(request)
        except RenderCancelled:
            self._on_event(JobCancelled(job=request.job))
        finally:
            self._queue.done(request.job)

    def _load(self, request: LoadModel) -> None:
        self._on_event(LoadingProgressed(stage="loading weights"))
        self._asked_batch = request.micro_batch
        if (Path(request.model.path) / INDEX).is_file():
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
            )
        )

    def _render(self, job: RenderJob) -> None:
        started = time.monotonic()
        size = self._asked_batch or self._micro_batch
        for first in range(0, len(job.tasks), size):
            if not self._render_batch(job, job.tasks[first : first + size]):
                return
        self._on_event(JobDone(job=job.job, seconds=time.monotonic() - started))

    def _render_batch(self, job: RenderJob, tasks: tuple[PictureTask, ...]) -> bool:
        """False when the job failed."""
        noises = [replay(task.lineage, self._noise_shape, self._axes, job.root_tensor) for task in tasks]
        for step in range(1, self._steps + 1):
            self._wait(job.job)
            if self._failures and self._done >= self._failures[0][0]:
                _, failure, sentence = self._failures.pop(0)
                self._fail(job.job, failure, sentence)
                return False
            indices = tuple(task.index for task in tasks)
            self._on_event(StepDone(job=job.job, indices=indices, step=step, steps=self._steps))
            if job.previews and step < self._steps:
                self._send_previews(job.job, tasks, noises, step)
        for place, (task, noise) in enumerate(zip(tasks, noises, strict=True)):
            self._on_event(self._finished(job, task, noise, (len(tasks), place)))
            self._done += 1
            self._until_hold -= 1
            if self._until_hold == 0:
                self.hold()
        return True

    def _wait(self, job: int) -> None:
        """One step's time; RenderCancelled as soon as somebody asks."""
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

    def _fail(self, job: int, failure: Failure, sentence: str) -> None:
        self._on_event(JobFailed(job=job, failure=failure, sentence=sentence))
        if failure is Failure.CRASH:
            self._on_event(WorkerDied(sentence=sentence))

    def _send_previews(self, job: int, tasks: tuple[PictureTask, ...], noises: list[Noise], step: int) -> None:
        for task, noise in zip(tasks, noises, strict=True):
            picture = paint(seen(noise, task.lineage), self._axes, 16, 16, strength=step / self._steps)
            self._on_event(PreviewRendered(job=job, index=task.index, picture=picture))

    def _finished(self, job: RenderJob, task: PictureTask, noise: Noise, slot: tuple[int, int]) -> PictureRendered:
        settings: RenderSettings = job.settings
        picture = paint(seen(noise, task.lineage), self._axes, settings.width, settings.height)
        record = record_of(
            task.lineage,
            noise,
            axes=self._axes,
            root_tensor=job.root_tensor,
            settings={
                **settings.to_json(),
                "model": self._model,
                "slot": list(task.slot if task.slot[0] else slot),
                "dtype": "float32",
                **({"moved_prompt": str(noise.size)} if task.lineage.moves_prompt else {}),
            },
            software={"device": "fake"},
            pixels=pixel_digest(picture.rgb),
        )
        return PictureRendered(job=job.job, index=task.index, picture=picture, record=record)


def seen(noise: Noise, lineage: Lineage) -> Noise:
    """The noise that is painted: what moves the prompt of a model moves it too."""
    if not lineage.moves_prompt:
        return noise
    return noise + prompt_offset(lineage, 0, noise.size).reshape(noise.shape)


def paint(noise: Noise, axes: str, width: int, height: int, strength: float = 1.0) -> Picture:
    """A smooth coloured picture that the noise alone decides; strength 0 is grey."""
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
    """Means over about 4 x 4 cells, scaled back to unit variance."""
    bands = [
        np.array_split(band, min(_CELLS, plane.shape[1]), axis=1)
        for band in np.array_split(plane, min(_CELLS, plane.shape[0]), axis=0)
    ]
    return np.array([[cell.mean() * np.sqrt(cell.size) for cell in band] for band in bands], dtype=np.float32)


def _ignore(event: Event) -> None:
    """Nobody listens yet."""
