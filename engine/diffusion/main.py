"""The worker process: requests in over a socket, events out; nothing of torch's is imported before it has to be.

The reader thread sees that the parent is gone (end of file) and ends the process at once, also in mid-step.
Started by `engine.worker.process` as `python -m engine.diffusion.main DESCRIPTOR`.
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
from engine.rendering.requests import CancelJob, CancelRound, LoadModel, RenderJob
from engine.worker.process import STACKS_SIGNAL, Request
from engine.worker.queue import JobQueue
from engine.worker.wire import Wire
from latentpng.errors import LatentPngError

if TYPE_CHECKING:
    from engine.diffusion.jobs import JobRunner
    from engine.diffusion.load import LoadedModel

Channel: TypeAlias = "Wire[Event, Request]"

_NICENESS = 10
"""The interface comes first when all cores are busy."""
_LOG_LIMIT = 2**20
_SPINS = "1000"
"""How long an idle thread of OpenMP spins before it sleeps.  The usual 300,000 made a batch of 8 take 4 to 6 s instead
of 2 on two cores that something else used too, with pauses of up to 28 s; on idle cores both take about 1 s."""
_REPEATABLE_WORKSPACES = (":4096:8", ":16:8")
"""With which cuBLAS gives the same bits each time (its manual, "Results reproducibility")."""


_PREVIEW_WAIT = 0.01
"""Seconds that a preview waits for a parent that is busy, before it is dropped: another one comes."""


class Worker:
    """One wire, one model at a time, one thread that renders: the caller of `run`."""

    def __init__(self, wire: Channel) -> None:
        self._wire = wire
        self._waiting = JobQueue()
        self._loaded: LoadedModel | None = None
        self._request: LoadModel | None = None
        self._runner: JobRunner | None = None
        self._refusal = JobFailed(job=-1, failure=Failure.MODEL, sentence="no model is loaded")

    def run(self) -> None:
        """Works until the parent is gone."""
        threading.Thread(target=self._read, name="reader", daemon=True).start()
        while (request := self._waiting.get()) is not None:
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
            except Exception:  # without this thread nobody would see the parent go
                traceback.print_exc()
                os._exit(1)
            if isinstance(request, CancelJob | CancelRound):
                self._waiting.cancel(request)
            else:
                self._waiting.put(request)

    def _emit(self, event: Event) -> None:
        """Waits for a parent that does not read; previews are not worth that."""
        try:
            if isinstance(event, PreviewRendered) and not self._wire.is_clear(_PREVIEW_WAIT):
                return
            self._wire.send(event)
        except OSError:
            os._exit(0)

    def _load(self, request: LoadModel) -> None:
        try:
            self._emit(self._ready(request))
        except Exception as error:  # whatever it is, the parent must hear of it
            self._refusal = failed(-1, error, Failure.MODEL)
            self._emit(self._refusal)

    def _ready(self, request: LoadModel) -> ModelReady:
        self._progress("importing torch")
        prepare_environment(download=request.model.download)
        import torch  # noqa: F401 (the stages are told one by one)

        self._progress("importing diffusers")
        from engine.diffusion.jobs import JobRunner

        loaded = self._model_for(request)
        runner = JobRunner(
            loaded,
            emit=self._emit,
            is_cancelled=self._waiting.is_cancelled,
            micro_batch=request.micro_batch,
        )
        kind = runner.renderer.noise_kind(request.settings)
        self._runner = runner
        return ModelReady(
            request=request,
            noise_shape=kind.shape,
            noise_axes=kind.axes,
            pipeline=type(loaded.pipe).__name__,
            schedulers=loaded.own.usable,
            device=loaded.device,
            dtype=loaded.dtype,
        )

    def _model_for(self, request: LoadModel) -> LoadedModel:
        """Loaded, in place of the one before; the one before when it is the same."""
        from engine.diffusion.jobs import free_memory
        from engine.diffusion.load import load_model, serves, with_other_loras

        loaded, before = self._loaded, self._request
        if loaded is not None and before is not None and serves(loaded, before, request):
            return loaded
        self._loaded = self._runner = self._request = None
        if loaded is not None and before is not None:
            loaded = with_other_loras(loaded, before, request)
        free_memory()
        self._loaded = loaded or load_model(request, self._progress)
        self._request = request
        remember_model(self._loaded.choice, self._loaded.identity)
        return self._loaded

    def _progress(self, stage: str) -> None:
        self._emit(LoadingProgressed(stage=stage))

    def _render(self, job: RenderJob) -> None:
        try:
            if self._waiting.is_cancelled(job.job):
                raise RenderCancelled(f"job {job.job} was cancelled")
            if self._runner is None:
                self._emit(replace(self._refusal, job=job.job))
            else:
                self._runner.run(job)
        except RenderCancelled:
            self._emit(JobCancelled(job=job.job))
        except Exception as error:  # whatever it is, the job must end
            self._emit(failed(job.job, error, Failure.CRASH))
        finally:
            self._waiting.done(job.job)


def failed(job: int, error: Exception, otherwise: Failure) -> JobFailed:
    """An error as an event: our own and the pipelines' complaints about settings in words, the rest with its class."""
    if isinstance(error, ModelError):
        return JobFailed(job=job, failure=Failure.MODEL, sentence=str(error))
    if isinstance(error, OutOfMemoryError):
        return JobFailed(job=job, failure=Failure.MEMORY, sentence=str(error))
    if isinstance(error, InvalidRequestError | EngineError | LatentPngError):
        return JobFailed(job=job, failure=Failure.SETTINGS, sentence=str(error))
    traceback.print_exception(error)  # into the log
    line = (str(error).strip() or "no more is known").splitlines()[0][:300]
    if isinstance(error, ValueError):
        return JobFailed(job=job, failure=Failure.SETTINGS, sentence=f"the model refuses these settings: {line}")
    return JobFailed(job=job, failure=otherwise, sentence=f"something went wrong: {type(error).__name__}: {line}")


def prepare_environment(*, download: bool) -> None:
    """What must stand in the environment before torch and diffusers are imported."""
    os.environ["DIFFUSERS_DISABLE_REMOTE_CODE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ.pop("DIFFUSERS_ATTN_BACKEND", None)  # an attention that is not asked for would not be recorded
    if os.environ.get("CUBLAS_WORKSPACE_CONFIG") not in _REPEATABLE_WORKSPACES:
        os.environ["CUBLAS_WORKSPACE_CONFIG"] = _REPEATABLE_WORKSPACES[0]
    os.environ["TORCHINDUCTOR_DETERMINISTIC"] = "1"  # kernels by rule, not by a race of them, with --compile too
    os.environ.setdefault("GOMP_SPINCOUNT", _SPINS)
    os.environ["HF_HUB_OFFLINE"] = "0" if download else "1"
    if constants := sys.modules.get("huggingface_hub.constants"):  # imported for the model before this one
        constants.HF_HUB_OFFLINE = not download  # type: ignore[attr-defined]  # a module found by name has no attributes


def _trim_log() -> None:
    """Standard error is a log file of the parent's, opened for appending: empty it before it grows large."""
    with contextlib.suppress(OSError):
        if os.fstat(2).st_size > _LOG_LIMIT:
            os.ftruncate(2, 0)


def main(descriptor: int) -> None:
    """Serves the parent at the other end of `descriptor`; never returns."""
    faulthandler.enable()
    faulthandler.register(STACKS_SIGNAL)
    with contextlib.suppress(OSError):
        os.nice(_NICENESS)
    Worker(Wire(socket.socket(fileno=descriptor))).run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
