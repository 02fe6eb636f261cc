"""The worker process from outside: started, fed, cancelled, missed when it dies, and started again.

Imports neither torch nor the interface.  Nothing of the worker reaches the terminal: its output is a log file.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, TypeAlias

from platformdirs import user_log_path

from engine.events import Event, Failure, JobCancelled, JobDone, JobFailed, ModelReady, WorkerDied
from engine.plan import CancelJob, LoadModel, RenderJob

Request: TypeAlias = LoadModel | RenderJob | CancelJob

_WORKER = "engine.diffusion.worker"
_LOGS_KEPT = 5
_ALLOCATOR = {
    "MALLOC_MMAP_THRESHOLD_": str(2**25),
    "MALLOC_TOP_PAD_": str(2**26),
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
}
"""Let glibc keep the memory of activations instead of giving it back to the kernel after every layer, which then clears
its pages anew: 106,000 page faults in a grid of 8 without this, 2 with it.  32 MiB is the most that glibc takes."""
_LOADING = -1
"""The number under which a load is open, as in `JobFailed.job`."""


class WorkerRenderer:
    """A Renderer in a process of its own, started with the first request.

    One thread sends, so that no method waits; one thread per process receives, and tells when it died.
    """

    def __init__(self) -> None:
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
                self._refuse(request, Failure.CRASH, sentence)
                continue
            if process is not None:
                process.send(request)  # when it just died, the reader tells
            elif isinstance(request, RenderJob) and not self._closing:
                self._refuse(request, Failure.MODEL, "no model is loaded yet")

    def _refuse(self, request: Request, failure: Failure, sentence: str) -> None:
        job = _LOADING if isinstance(request, LoadModel) else request.job
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
            if isinstance(request, CancelJob):
                return self._process
            fresh = self._process is None
            if self._process is None:
                self._process = self._started()
            if isinstance(request, RenderJob):
                if fresh or (self._load_failed and _LOADING not in self._open):
                    self._load_failed = False
                    self._open.append(_LOADING)
                    self._process.send(known)
                self._open.append(request.job)
            else:
                self._open.append(_LOADING)
            return self._process

    def _started(self) -> WorkerProcess:
        process = WorkerProcess()
        reader = threading.Thread(target=self._receive_all, args=(process,), name="worker events", daemon=True)
        self._readers = [*(old for old in self._readers if old.is_alive()), reader]
        reader.start()
        return process

    def _receive_all(self, process: WorkerProcess) -> None:
        while (event := process.receive()) is not None:
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

    def _note(self, event: JobDone | JobCancelled | JobFailed | ModelReady) -> None:
        """Something that was open is over."""
        with self._lock, contextlib.suppress(ValueError):
            if isinstance(event, ModelReady):
                self._answered_last, self._load_failed = event.request, False
                self._open.remove(_LOADING)
            else:
                self._load_failed |= event.job == _LOADING
                self._open.remove(event.job)


class WorkerProcess:
    """One process and the socket to it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self._log_path, log = _open_log()
        with ours, theirs, log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", _WORKER, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # signals of the terminal are not for it
                env=worker_environment(),
            )
            self._connection: Connection[Request, Event] = Connection(ours.detach())

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def send(self, request: Request) -> None:
        """Lost when the process just died."""
        with contextlib.suppress(OSError):
            self._connection.send(request)

    def receive(self) -> Event | None:
        """The next event; None when the process is gone."""
        try:
            return self._connection.recv()
        except (EOFError, OSError):
            return None

    def kill(self) -> None:
        """Ends it and all that it started, at once; not when it is over, since its number may be another's by then."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def obituary(self) -> str:
        """Waits for the end, and says in one sentence how it came."""
        self.kill()  # the socket is closed: whatever is left of it is of no use
        code = self._process.wait()
        self._connection.close()
        return how_it_ended(code, _last_line(self._log_path), str(self._log_path))


def how_it_ended(code: int, last_line: str, log: str) -> str:
    """One sentence.  code: as `subprocess` gives it, a signal is negative."""
    again = "it starts again with the next picture"
    if code == -signal.SIGKILL:
        return f"the rendering process was killed, probably because memory ran out; {again}"
    if code < 0:
        return f"the rendering process crashed ({_signal_name(-code)}); {again}, and its last words are in {log}"
    said = f": {last_line}" if last_line else ""
    return f"the rendering process ended (exit code {code}){said}; {again}, and its last words are in {log}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def worker_environment() -> dict[str, str]:
    """The parent's, with this package importable in a checkout that is not installed, and an allocator that keeps."""
    root = Path(__file__).resolve().parent.parent
    environment = {**_ALLOCATOR, **os.environ}
    if root.name not in ("site-packages", "dist-packages"):
        paths = [part for part in environment.get("PYTHONPATH", "").split(os.pathsep) if part]
        environment["PYTHONPATH"] = os.pathsep.join([*paths, str(root)])
    return environment


def _open_log() -> tuple[Path, IO[bytes]]:
    """A fresh log file, and the oldest ones removed; nowhere when there is no place for it."""
    folder = user_log_path("warmer", appauthor=False)
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        old = sorted(folder.glob("worker-*.log"), key=lambda path: path.stat().st_mtime)
        for path in old[: max(0, len(old) - _LOGS_KEPT + 1)]:
            path.unlink(missing_ok=True)
        path = folder / f"worker-{os.getpid()}.log"
        path.write_bytes(b"")
        return path, path.open("ab")
    return Path(os.devnull), Path(os.devnull).open("ab")


def _last_line(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4096))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")


def _ignore(event: Event) -> None:
    """Nobody listens yet."""
