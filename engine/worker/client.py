"""The renderer in a process of its own: fed, cancelled, missed when it dies or hangs, and started again.

Imports neither torch nor the interface.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable

from engine.rendering.events import LOADING, Event, Failure, JobCancelled, JobDone, JobFailed, ModelReady, WorkerDied
from engine.rendering.requests import CancelJob, CancelRound, LoadModel, RenderJob
from engine.worker.process import Request, WorkerProcess
from engine.worker.watchdog import Patience, Watch


class WorkerRenderer:
    """A Renderer in a process of its own, started with the first request.

    One thread sends, so that no method waits; one thread per process receives, and tells when it died or says nothing.
    """

    def __init__(self, patience: Patience | None = None) -> None:
        self._patience = patience or Patience()
        self._on_event: Callable[[Event], None] = _ignore
        self._outbox: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._sender = threading.Thread(target=self._send_all, name="worker outbox", daemon=True)
        self._lock = threading.Lock()
        self._process: WorkerProcess | None = None
        self._readers: list[threading.Thread] = []
        self._asked_last: LoadModel | None = None
        self._answered_last: LoadModel | None = None
        self._load_failed = False
        self._open: list[int] = []
        self._closing = False

    def start(self, on_event: Callable[[Event], None]) -> None:
        """Begins to run; the process itself comes with the first request."""
        self._on_event = on_event
        self._sender.start()

    def load(self, request: LoadModel) -> None:
        """Loads a model; answered by ModelReady or JobFailed(job=-1)."""
        self._outbox.put(request)

    def render(self, job: RenderJob) -> None:
        """Renders a job after those before it."""
        self._outbox.put(job)

    def cancel(self, job: int) -> None:
        """Stops a job within one step."""
        self._outbox.put(CancelJob(job=job))

    def cancel_round(self, round_id: int) -> None:
        """Stops every job of a round."""
        self._outbox.put(CancelRound(round_id=round_id))

    def close(self) -> None:
        """Ends the process, whatever it does, and joins both threads."""
        with self._lock:
            self._closing = True
            process = self._process
        if process is not None:
            process.kill()
        self._outbox.put(None)
        if self._sender.is_alive():
            self._sender.join()
        for reader in self._readers:
            reader.join()

    def _send_all(self) -> None:
        while (request := self._outbox.get()) is not None:
            try:
                process = self._process_for(request)
            except OSError as error:
                sentence = f"the rendering process could not be started: {error.strerror or error}"
                if not isinstance(request, CancelJob | CancelRound):
                    self._refuse(request, Failure.CRASH, sentence)
                continue
            if process is not None:
                process.send(request)  # when it just died, the reader tells
            elif isinstance(request, RenderJob) and not self._closing:
                self._refuse(request, Failure.MODEL, "no model is loaded yet")

    def _refuse(self, request: LoadModel | RenderJob, failure: Failure, sentence: str) -> None:
        job = LOADING if isinstance(request, LoadModel) else request.job
        self._on_event(JobFailed(job=job, failure=failure, sentence=sentence))

    def _process_for(self, request: Request) -> WorkerProcess | None:
        """The process that this request goes to, started if need be; None when there is none to send it to.

        Before a job, a process that has no model is told to load again: the last one that it could load, since a
        request that failed (for its size, say) is no use to the jobs that go on; failing that, the last one asked for.
        """
        with self._lock:
            if isinstance(request, LoadModel):
                self._asked_last, self._load_failed = request, False
            known = self._answered_last or self._asked_last
            if self._closing or known is None:
                return None
            if isinstance(request, CancelJob | CancelRound):
                return self._process
            fresh = self._process is None
            if self._process is None:
                self._process = self._started()
            if isinstance(request, RenderJob):
                if fresh or (self._load_failed and LOADING not in self._open):
                    self._load_failed = False
                    self._open.append(LOADING)
                    self._process.send(known)
                self._open.append(request.job)
            else:
                self._open.append(LOADING)
            return self._process

    def _started(self) -> WorkerProcess:
        process = WorkerProcess()
        reader = threading.Thread(target=self._receive_all, args=(process,), name="worker events", daemon=True)
        self._readers = [*(old for old in self._readers if old.is_alive()), reader]
        reader.start()
        return process

    def _receive_all(self, process: WorkerProcess) -> None:
        watch = Watch(self._patience)
        while (event := self._next(process, watch)) is not None:
            if isinstance(event, JobDone | JobCancelled | JobFailed | ModelReady):
                self._note(event)
            self._on_event(event)
        sentence = process.obituary()
        with self._lock:
            lost, self._open = self._open, []
            self._process = None
            closing = self._closing
        if closing:
            return
        for job in lost:
            self._on_event(JobFailed(job=job, failure=Failure.CRASH, sentence=sentence))
        self._on_event(WorkerDied(sentence=sentence))

    def _next(self, process: WorkerProcess, watch: Watch) -> Event | None:
        """The next event; None when the process is gone, or given up."""
        while not process.has_news(self._patience.tick):
            with self._lock:
                is_loading, is_working = LOADING in self._open, bool(self._open)
            if watch.is_over(is_loading=is_loading, is_working=is_working):
                process.give_up(watch.silence)
                return None
        event = process.receive()
        if event is not None:
            watch.heard(event)
        return event

    def _note(self, event: JobDone | JobCancelled | JobFailed | ModelReady) -> None:
        """Something that was open is over."""
        with self._lock, contextlib.suppress(ValueError):
            if isinstance(event, ModelReady):
                self._answered_last, self._load_failed = event.request, False
                self._open.remove(LOADING)
            else:
                self._load_failed |= event.job == LOADING
                self._open.remove(event.job)


def _ignore(event: Event) -> None:
    """Nobody listens yet."""
