"""The worker process: requests in over a socket, events out; torch is imported when the first model is loaded.

`latentpng.parent` ends this process with its parent; the reader thread does so too, where it notices it (end of file).
Started by `engine.worker.process`, through `latentpng.parent`, as `python -m engine.diffusion.main DESCRIPTOR`.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import socket
import sys
import threading
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from engine.diffusion.environment import prepare_environment
from engine.diffusion.seams.later import stand_in
from engine.errors import EngineError, InvalidRequestError, ModelError, OutOfMemoryError, RenderCancelled
from engine.models.find import remember_model
from engine.rendering.events import (
    Event,
    Failure,
    JobCancelled,
    JobFailed,
    LoadingProgressed,
    ModelReady,
    PreviewRendered,
)
from engine.rendering.requests import CancelJob, CancelRound, InvertJob, Job, LoadModel
from engine.worker.messages.codec import REQUESTS, Codec, Request
from engine.worker.process import STACKS_SIGNAL
from engine.worker.queue import JobQueue
from engine.worker.wire import Wire
from latentpng.errors import LatentPngError

if TYPE_CHECKING:
    from engine.diffusion.jobs import JobRunner
    from engine.diffusion.load import LoadedModel

Channel: TypeAlias = "Wire[Event, Request]"

_NICENESS = 10
"""The interface comes first when all cores are busy."""
_MAX_LOG_BYTES = 2**20
_PREVIEW_TIMEOUT = 0.01
"""Seconds that a preview waits for a busy parent before it is dropped: another one follows."""


class Worker:
    """One socket, one model at a time, and one thread that renders: the caller of `run`."""

    def __init__(self, wire: Channel) -> None:
        self._wire = wire
        self._queue = JobQueue()
        self._loaded: LoadedModel | None = None
        self._request: LoadModel | None = None
        self._runner: JobRunner | None = None
        self._imported: set[str] = set()
        self._weights = 0
        self._load_failure = JobFailed(job=-1, failure=Failure.MODEL, sentence="no model is loaded")

    def run(self) -> None:
        """Work off requests until the parent process ends."""
        threading.Thread(target=self._read, name="reader", daemon=True).start()
        while (request := self._queue.get()) is not None:
            if isinstance(request, LoadModel):
                self._load(request)
            else:
                self._render(request)
            _trim_log()

    def _read(self) -> None:
        while True:
            try:
                request = self._wire.receive()
            except (EOFError, OSError):
                os._exit(0)
            except Exception:  # without this thread nobody would notice that the parent ended
                traceback.print_exc()
                os._exit(1)
            if isinstance(request, CancelJob | CancelRound):
                self._queue.cancel(request)
                for job in self._queue.take_cancelled():  # this thread says so at once: the running job may take long
                    self._emit(JobCancelled(job=job))
            else:
                self._queue.put(request)

    def _emit(self, event: Event) -> None:
        """Send an event; this blocks while the parent does not read, but a preview is dropped instead."""
        try:
            if isinstance(event, PreviewRendered) and not self._wire.is_clear(_PREVIEW_TIMEOUT):
                return
            self._wire.send(event)
        except OSError:
            os._exit(0)

    def _load(self, request: LoadModel) -> None:
        try:
            self._emit(self._ready(request))
        except Exception as error:  # the parent has to learn of any error
            self._load_failure = failure_event(-1, error, Failure.MODEL)
            self._emit(self._load_failure)

    def _ready(self, request: LoadModel) -> ModelReady:
        self._importing("torch")
        prepare_environment(download=request.model.download)
        import torch  # noqa: F401 (imported alone, so that the stages are reported one by one)

        self._importing("diffusers")
        stand_in()
        from engine.diffusion.jobs import JobRunner

        loaded = self._model_for(request)
        runner = JobRunner(
            loaded,
            emit=self._emit,
            is_cancelled=self._queue.is_cancelled,
            micro_batch=request.micro_batch,
        )
        spec = runner.renderer.noise_spec(request.settings)
        self._runner = runner
        return ModelReady(
            request=request,
            noise_shape=spec.shape,
            noise_axes=spec.axes,
            pipeline=type(loaded.pipe).__name__,
            schedulers=loaded.own.usable,
            device=loaded.device,
            dtype=loaded.dtype,
            batch=runner.largest_batch(request.settings),
            identity=loaded.identity,
            software=runner.software,
        )

    def _model_for(self, request: LoadModel) -> LoadedModel:
        """Return the requested model: the loaded one if it is the same, perhaps with other LoRA files."""
        from engine.diffusion.load import load_model, replace_loras, serves, with_embeddings
        from engine.diffusion.out_of_memory import free_memory

        loaded, before = self._loaded, self._request
        is_served = loaded is not None and before is not None and serves(loaded, before, request)
        if loaded is not None and is_served and loaded.choice.embeddings == request.model.embeddings:
            return loaded
        self._loaded = self._runner = self._request = None
        if loaded is not None and before is not None and not is_served:
            loaded = replace_loras(loaded, before, request)
        free_memory()
        self._loaded = with_embeddings(loaded or load_model(request, self._progress, self._announce), request)
        self._request = request
        remember_model(self._loaded.choice, self._loaded.identity)
        return self._loaded

    def _importing(self, package: str) -> None:
        """Report an import that is about to begin; one that is done, as for a second model, takes no time."""
        if package not in self._imported:
            self._imported.add(package)
            self._progress(f"importing {package}")

    def _progress(self, stage: str) -> None:
        self._emit(LoadingProgressed(stage=stage, weights=self._weights))

    def _announce(self, weights: int) -> None:
        self._weights = weights

    def _render(self, job: Job) -> None:
        try:
            if self._queue.is_cancelled(job.job):
                raise RenderCancelled(f"job {job.job} was cancelled")
            if self._runner is None:
                self._emit(replace(self._load_failure, job=job.job))
            elif isinstance(job, InvertJob):
                self._runner.invert(job)
            else:
                self._runner.run(job)
        except RenderCancelled:
            self._emit(JobCancelled(job=job.job))
        except Exception as error:  # a job ends after any error
            self._emit(failure_event(job.job, error, Failure.CRASH))
        finally:
            self._queue.done(job.job)


def failure_event(job: int, error: Exception, otherwise: Failure) -> JobFailed:
    """Return the event for an error.

    Our own errors keep their message.  A ValueError of a pipeline is a complaint about the settings.  All others are
    named by their class and written to the log.

    Args:
        job: The number of the job; -1 for a load.
        error: What was raised.
        otherwise: The kind of failure for errors of other libraries.
    """
    if isinstance(error, ModelError):
        return JobFailed(job=job, failure=Failure.MODEL, sentence=str(error))
    if isinstance(error, OutOfMemoryError):
        return JobFailed(job=job, failure=Failure.MEMORY, sentence=str(error))
    if isinstance(error, InvalidRequestError | EngineError | LatentPngError):
        return JobFailed(job=job, failure=Failure.SETTINGS, sentence=str(error))
    traceback.print_exception(error)  # into the log
    line = (str(error).strip() or "no details were given").splitlines()[0][:300]
    if isinstance(error, ValueError):
        return JobFailed(job=job, failure=Failure.SETTINGS, sentence=f"the model refuses these settings: {line}")
    return JobFailed(job=job, failure=otherwise, sentence=f"unexpected error: {type(error).__name__}: {line}")


def _trim_log() -> None:
    """Empty the log when it is large: standard error is a file that the parent opened for appending."""
    with contextlib.suppress(OSError):
        if os.fstat(2).st_size > _MAX_LOG_BYTES:
            os.ftruncate(2, 0)


def main(descriptor: int) -> None:
    """Serve the parent process at the other end of a socket; never returns.

    Args:
        descriptor: Of the socket, inherited from the parent.
    """
    faulthandler.enable()
    faulthandler.register(STACKS_SIGNAL)
    with contextlib.suppress(OSError):
        os.nice(_NICENESS)
    Worker(Wire(socket.socket(fileno=descriptor), Codec(REQUESTS))).run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
