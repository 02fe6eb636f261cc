"""A renderer without a model: it paints colours straight from the initial noise, so that siblings look different.

It keeps every rule of the `Renderer` protocol (order, cancel within one step, one last event a job) and never imports
torch.  Tests control it: `hold()` stops it before the next step, `fail_next` and `die_next` make the next job fail, and
`loads`, `jobs` and `cancels` hold the requests.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from engine.errors import RenderCancelled
from engine.fake_pictures import PIPELINE, SOFTWARE, FakeModel, Noise, batches
from engine.models.find import model_identity
from engine.models.model_root import INDEX
from engine.rendering.events import (
    LOADING,
    Event,
    Failure,
    JobCancelled,
    JobDone,
    JobFailed,
    LoadingProgressed,
    ModelReady,
    PictureRendered,
    PreviewRendered,
    StepDone,
    WorkerDied,
)
from engine.rendering.requests import CancelJob, CancelRound, InvertJob, Job, LoadModel, PictureTask, RenderJob
from engine.worker.queue import JobQueue
from latentpng.record import Lineage, SeedRoot


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
        self._model = FakeModel(noise_shape=noise_shape, axes=axes)
        self._steps, self._step_seconds, self._micro_batch = steps, step_seconds, micro_batch
        self._gate = threading.Event()
        self._gate.set()
        self._until_hold = self._done = self._asked_batch = 0
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
            self._model = replace(self._model, identity=model_identity(request.model, request.memory))
        if self._load_failure:
            sentence, self._load_failure = self._load_failure, ""
            self._on_event(JobFailed(job=LOADING, failure=self._load_failure_kind, sentence=sentence))
            return
        self._on_event(
            ModelReady(
                request=request,
                noise_shape=self._model.noise_shape,
                noise_axes=self._model.axes,
                pipeline=PIPELINE,
                schedulers=("DDIMScheduler", "EulerDiscreteScheduler"),
                device="cpu",
                dtype="float32",
                batch=self._asked_batch or self._micro_batch,
                identity=dict(self._model.identity),
                software=SOFTWARE,
            )
        )

    def _invert(self, job: InvertJob) -> None:
        """Answer with noise that depends on the seed alone, and with the photograph as it is."""
        started = time.monotonic()
        lineage = Lineage(root=SeedRoot(seed=job.seed))
        noise = self._model.noise(lineage)
        for step in range(1, self._steps + 1):
            self._wait(job.job)
            if self._has_failed(job.job):
                return
            self._on_event(StepDone(job=job.job, indices=(0,), step=step, steps=self._steps))
            if job.previews and step < self._steps:
                preview = self._model.preview(noise, lineage, step / self._steps)
                self._on_event(PreviewRendered(job=job.job, index=0, picture=preview))
        self._on_event(self._model.inverted(job, noise, self.inversion_warning))
        self._on_event(JobDone(job=job.job, seconds=time.monotonic() - started))

    def _render(self, job: RenderJob) -> None:
        started = time.monotonic()
        shape = self._model.noise_shape
        if job.root_tensor is not None and job.root_tensor.shape != shape:
            sentence = f"the picture's noise has the shape {job.root_tensor.shape}, the model's {shape}"
            self._fail(job.job, Failure.SETTINGS, sentence)
            return
        for tasks in batches(job.tasks, self._asked_batch or self._micro_batch):
            if not self._render_batch(job, tasks):
                return
        self._on_event(JobDone(job=job.job, seconds=time.monotonic() - started))

    def _render_batch(self, job: RenderJob, tasks: tuple[PictureTask, ...]) -> bool:
        """Render one batch; return False when the job failed."""
        noises = [self._model.noise(task.lineage, job.root_tensor) for task in tasks]
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
        finish = self._model.draft if job.is_draft else self._finished
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
            picture = self._model.preview(noise, task.lineage, step / self._steps)
            self._on_event(PreviewRendered(job=job, index=task.index, picture=picture))

    def _finished(self, job: RenderJob, task: PictureTask, noise: Noise) -> PictureRendered:
        return self._model.finished(job, task, noise)


def _ignore(event: Event) -> None:
    """Stand in for the callback until `start`."""
