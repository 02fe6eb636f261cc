"""One worker process and the wire to it: started, heard, given up, and what is said of its end.

Nothing of the worker reaches the terminal: its output is a log file.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, TypeAlias

from platformdirs import user_log_path

from engine.rendering.events import Event
from engine.rendering.requests import CancelJob, CancelRound, LoadModel, RenderJob
from engine.worker.wire import Wire

Request: TypeAlias = LoadModel | RenderJob | CancelJob | CancelRound

WORKER = "engine.diffusion.main"
STACKS_SIGNAL = signal.SIGUSR1
"""Has a worker write into its log where all of its threads stand."""
_LOGS_KEPT = 5
_numbers = itertools.count(1)
_SECONDS_FOR_STACKS = 0.5
_ALLOCATOR = {
    "MALLOC_MMAP_THRESHOLD_": str(2**22),
    "MALLOC_TOP_PAD_": str(2**26),
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
}
"""Let glibc keep the memory of activations instead of giving it back to the kernel after every layer, which then clears
its pages anew: a sixth of a grid's processor time on the model that ships.  Blocks from 4 MiB on do go back: with 32,
as with glibc's own moving threshold, the heap was split ever smaller, by 1 MiB a round (`benchmarks.engine_soak`)."""


class WorkerProcess:
    """One process and the socket to it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self._log_path, log = _open_log()
        with ours, theirs, log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", WORKER, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # signals of the terminal are not for it
                env=worker_environment(),
            )
            self._wire: Wire[Request, Event] = Wire(ours.dup())
        self._silence = 0.0

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def send(self, request: Request) -> None:
        """Lost when the process just died."""
        with contextlib.suppress(OSError):
            self._wire.send(request)

    def has_news(self, seconds: float) -> bool:
        """Waits so long for an event, or for the end."""
        return self._wire.has_news(seconds)

    def receive(self) -> Event | None:
        """The next event; None when the process is gone."""
        try:
            return self._wire.receive()
        except (EOFError, OSError):
            return None

    def give_up(self, silence: float) -> None:
        """Ends it after so many seconds without a sign of life; where it stood is in its log."""
        self._silence = silence
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, STACKS_SIGNAL)
            time.sleep(_SECONDS_FOR_STACKS)
        self.kill()

    def kill(self) -> None:
        """Ends it and all that it started, at once; not when it is over, since its number may be another's by then."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def obituary(self) -> str:
        """Waits for the end, and says in one sentence how it came."""
        self.kill()  # the socket is closed: whatever is left of it is of no use
        code = self._process.wait()
        self._wire.close()
        return how_it_ended(code, _last_line(self._log_path), str(self._log_path), self._silence)


def how_it_ended(code: int, last_line: str, log: str, silence: float = 0.0) -> str:
    """One sentence.  code: as `subprocess` gives it, a signal is negative.

    silence: seconds without a sign of life, after which it was given up; 0 when it ended otherwise.
    """
    again = "it starts again with the next picture"
    logged = log != os.devnull
    if silence:
        told = f", and where it stood is in {log}" if logged else ""
        return f"the rendering process gave no sign of life for {_duration(silence)} and was ended; {again}{told}"
    if code == -signal.SIGKILL:
        return f"the rendering process was killed, probably because memory ran out; {again}"
    told = f", and its last words are in {log}" if logged else ""
    if code < 0:
        return f"the rendering process crashed ({_signal_name(-code)}); {again}{told}"
    said = f": {last_line}" if last_line else ""
    return f"the rendering process ended (exit code {code}){said}; {again}{told}"


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def worker_environment() -> dict[str, str]:
    """The parent's, with this package importable in a checkout that is not installed, and an allocator that keeps."""
    root = Path(__file__).resolve().parents[2]
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
        path = folder / f"worker-{os.getpid()}-{next(_numbers)}.log"
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
