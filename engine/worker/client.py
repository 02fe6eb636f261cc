"""The renderer in a process of its own: requests go out, events come in, and a process that died is started again.

Imports neither torch nor the interface.
"""

from __future__ import annotations

import threading

from engine.errors import WireError
from engine.rendering.events import (
    LOADING,
    Event,
    Failure,
    JobCancelled,
    JobDone,
    JobFailed,
    ModelReady,
    RendererNoticed,
    WorkerDied,
)
from engine.rendering.requests import CancelJob, CancelRound, InvertJob, Job, LoadModel, RenderJob
from engine.worker.messages.codec import Request
from engine.worker.open_requests import OpenRequests, number_of
from engine.worker.process import WorkerProcess
from engine.worker.requesting import RequestingRenderer
from engine.worker.watchdog import Timeouts, Watchdog

LOAD_GIVEN_UP = "loading the model was stopped"
_WAKE = CancelRound(round_id=0)
"""A request that names no job."""


class WorkerRenderer(RequestingRenderer):
    """A Renderer in a process of its own, which starts with the first request.

    One thread sends, so that no method waits; one thread per process receives, and reports when the process died or
    stopped answering.
    """

    def __init__(self, timeouts: Timeouts | None = None, *, threads: int = 0, program: tuple[str, ...] = ()) -> None:
        """Start nothing yet.

        Args:
            timeouts: When a silent process is given up; None for the usual ones.
            threads: How many threads compute on the CPU of the process; 0 leaves it to torch.
            program: The module that the process runs, and its arguments; () for the worker on this machine.
        """
        super().__init__("worker outbox")
        self._timeouts, self._threads, self._program = timeouts or Timeouts(), threads, program
        self._lock = threading.Lock()
        self._process: WorkerProcess | None = None
        self._readers: list[threading.Thread] = []
        self._last_requested: LoadModel | None = None
        self._last_loaded: LoadModel | None = None
        self._load_failed = False
        self._open = OpenRequests()
        self._again: tuple[LoadModel | Job, ...] = ()
        self._closing = False

    def cancel(self, job: int) -> None:
        """Stop a job within one step, or the load, which ends the process."""
        if job != LOADING:
            super().cancel(job)
            return
        with self._lock:
            if self._process is not None and self._open.has_load:
                self._process.kill(LOAD_GIVEN_UP)

    def close(self) -> None:
        """Kill the process, whatever it is doing, and join all threads."""
        with self._lock:
            self._closing = True
            process = self._process
        if process is not None:
            process.kill()
        self._end_requests()
        for reader in self._readers:
            reader.join()

    def _hand_on(self, request: Request) -> None:
        try:
            process, requests = self._process_for(request)
        except OSError as error:
            sentence = f"the rendering process could not be started: {error.strerror or error}"
            if not isinstance(request, CancelJob | CancelRound):
                self._refuse(request, Failure.CRASH, sentence)
            return
        if process is not None:
            for each in requests:
                self._send(process, each)
        elif isinstance(request, RenderJob | InvertJob) and not self._closing:
            self._refuse(request, Failure.MODEL, "no model is loaded yet")

    def _send(self, process: WorkerProcess, request: Request) -> None:
        try:
            process.send(request)  # if it has just died, its reader reports that
        except WireError as error:
            if isinstance(request, CancelJob | CancelRound):
                return  # there is no job with such a number
            failed = JobFailed(
                job=number_of(request), failure=Failure.SETTINGS, sentence=f"the request cannot be sent: {error}"
            )
            self._close_job(failed)
            self._on_event(failed)

    def _refuse(self, request: LoadModel | Job, failure: Failure, sentence: str) -> None:
        self._on_event(JobFailed(job=number_of(request), failure=failure, sentence=sentence))

    def _process_for(self, request: Request) -> tuple[WorkerProcess | None, tuple[Request, ...]]:
        """Return the process that a request goes to, started if need be, and what it is to be sent.

        None when there is no process to send it to.  Nothing is sent here: sending waits for a process that does not
        read, and whoever gives such a process up needs the lock.
        """
        with self._lock:
            if isinstance(request, LoadModel):
                self._last_requested, self._load_failed = request, False
            elif isinstance(request, CancelJob | CancelRound):
                self._open.cancel(request)
            work = (*self._again, *(() if isinstance(request, CancelJob | CancelRound) else (request,)))
            known = self._last_loaded or self._last_requested
            if self._closing or known is None or (self._process is None and not work):
                return None, ()
            sent = self._with_load(work, known) if work else ()
            if self._process is None:
                self._process = self._start_process()
            self._again = ()
            self._open.add(sent)
            if isinstance(request, CancelJob | CancelRound):
                self._open.cancel(request)
                return self._process, (*sent, request)
            return self._process, sent

    # A process without a model gets a load before its first job: the last request that succeeded.  One that failed (a
    # size that is too large, say) must not stop the jobs that go on with the model before it, so it is repeated only
    # when there is no other.
    def _with_load(self, work: tuple[LoadModel | Job, ...], known: LoadModel) -> tuple[LoadModel | Job, ...]:
        """Return work with the load before it that it needs."""
        needs_load = self._process is None or (self._load_failed and not self._open.has_load)
        if isinstance(work[0], LoadModel) or not needs_load:
            return work
        self._load_failed = False
        return known, *work

    def _start_process(self) -> WorkerProcess:
        process = WorkerProcess(self._threads, self._program)
        reader = threading.Thread(target=self._receive_all, args=(process,), name="worker events", daemon=True)
        self._readers = [*(old for old in self._readers if old.is_alive()), reader]
        reader.start()
        return process

    def _receive_all(self, process: WorkerProcess) -> None:
        watchdog = Watchdog(self._timeouts)
        while (event := self._next(process, watchdog)) is not None:
            if isinstance(event, JobDone | JobCancelled | JobFailed | ModelReady):
                self._close_job(event)
            self._on_event(event)
        sentence = process.obituary()
        with self._lock:
            cancelled, lost = self._open.take_all()
            self._process = None
            self._again = lost if watchdog.is_unheeded else ()
            closing = self._closing
        if closing:
            return
        for job in cancelled:
            self._on_event(JobCancelled(job=job))
        if watchdog.is_unheeded:
            self._on_event(RendererNoticed(sentence=sentence))
            if lost:
                self._outbox.put(_WAKE)
            return
        is_wanted = process.reason == LOAD_GIVEN_UP
        for request in lost:
            self._refuse(request, Failure.MODEL if is_wanted else Failure.CRASH, sentence)
        if not is_wanted:
            self._on_event(WorkerDied(sentence=sentence))

    def _next(self, process: WorkerProcess, watchdog: Watchdog) -> Event | None:
        """Return the next event; None when the process has ended, or was given up."""
        while not process.has_news(self._timeouts.tick):
            with self._lock:
                is_loading, is_working = self._open.has_load, self._open.has_any
                cancelled = self._open.oldest_cancelled
            if watchdog.has_expired(is_loading=is_loading, is_working=is_working, cancelled=cancelled):
                if watchdog.is_unheeded:
                    process.kill(unheeded_words(watchdog.silence_after_cancel))
                else:
                    process.give_up(watchdog.silence)
                return None
        event = process.receive()
        if event is not None:
            watchdog.heard(event)
        return event

    def _close_job(self, event: JobDone | JobCancelled | JobFailed | ModelReady) -> None:
        """Note that a job or a load is over."""
        with self._lock:
            if isinstance(event, ModelReady):
                self._last_loaded, self._load_failed = event.request, False
            else:
                self._load_failed |= event.job == LOADING
            self._open.end(event)


def unheeded_words(seconds: float) -> str:
    """Return what the person is told when a process was ended that did not stop its cancelled job."""
    return (
        f"the rendering process did not stop within {seconds:.0f} seconds, in the middle of a long step, and was "
        "ended; it starts again with the next picture"
    )
