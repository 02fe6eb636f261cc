"""One worker process and the connection to it: how it is started, ended, and what is said about its end.

Nothing of the worker reaches the terminal: its output goes to a log file.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import IO

from platformdirs import user_log_path

from engine.errors import WireError
from engine.rendering.events import Event
from engine.worker.messages.codec import EVENTS, Codec, Request
from engine.worker.wire import Wire
from latentpng import parent

WORKER = "engine.diffusion.main"
STACKS_SIGNAL = signal.SIGUSR1
"""Makes a worker write the stacks of all its threads into its log."""
_MAX_LOGS = 5
_numbers = itertools.count(1)
_SECONDS_FOR_STACKS = 0.5
_ALLOCATOR = {
    "MALLOC_MMAP_THRESHOLD_": str(2**22),
    "MALLOC_TOP_PAD_": str(2**26),
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
}
"""Let glibc keep the memory of activations instead of returning it to the kernel after every layer, which would have to
clear its pages again: a sixth of a grid's processor time with the embedded model.  Blocks of 4 MiB and more are
returned: with a threshold of 32 MiB, or with glibc's own moving one, the heap fragmented and grew by 1 MiB a round
(`tests.benchmarks.engine_soak`)."""


class WorkerProcess:
    """One process and the connection to it.

    Attributes:
        reason: Why it was killed, for the person; "" where that is found out at its end.
    """

    def __init__(self, threads: int = 0, program: tuple[str, ...] = ()) -> None:
        """Start the process.

        Args:
            threads: How many threads compute on its CPU; 0 leaves it to torch.
            program: The module that it runs, and its arguments after the descriptor; () for `WORKER`.

        Raises:
            OSError: The system has no process, file or memory left for it.
        """
        module, *arguments = program or (WORKER,)
        near, far = socket.socketpair()
        self._log_path, log = _open_log()
        with near, far, log, contextlib.ExitStack() as undo:
            self._lifeline = undo.enter_context(parent.Lifeline())
            self._process = subprocess.Popen(
                [*self._lifeline.program(parent.Kind.GROUP, module), str(far.fileno()), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(far.fileno(), self._lifeline.end),
                start_new_session=True,  # the terminal's signals (Ctrl+C, hang-up) are handled by this program
                env=worker_environment(threads),
            )
            self._wire: Wire[Request, Event] = Wire(near.dup(), Codec(EVENTS))
            undo.pop_all()
        self._silence = 0.0
        self._garbled = self.reason = ""

    @property
    def pid(self) -> int:
        """Process ID."""
        return self._process.pid

    def send(self, request: Request) -> None:
        """Send a request; it is lost when the process has just died, which `receive` reports.

        Raises:
            WireError: The request is larger than a message may be; nothing was sent.
        """
        with contextlib.suppress(OSError):
            self._wire.send(request)

    def has_news(self, seconds: float) -> bool:
        """Wait at most so many seconds for an event or the end of the process."""
        return self._wire.has_news(seconds)

    def receive(self) -> Event | None:
        """Return the next event, None when the process has ended, or sent what is no event."""
        try:
            return self._wire.receive()
        except (EOFError, OSError):
            return None
        except WireError as error:
            self._garbled = str(error)
            return None

    def give_up(self, silence: float) -> None:
        """Kill the process after so many seconds of silence; its log gets the stacks of its threads before."""
        self._silence = silence
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, STACKS_SIGNAL)
            time.sleep(_SECONDS_FOR_STACKS)
        self.kill()

    def kill(self, reason: str = "") -> None:
        """Kill the process and everything that it started.

        Does nothing once the process is reaped: the system may have given its ID to another one.

        Args:
            reason: What is said about its end; "" for what is found out then.
        """
        self.reason = self.reason or reason
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def obituary(self) -> str:
        """Wait for the end of the process, and return how it ended, as one sentence."""
        self.kill()  # the connection is closed: whatever is left of the process is of no use
        code = self._process.wait()
        self._wire.close()
        self._lifeline.close()
        return self.reason or how_it_ended(
            code, _last_line(self._log_path), str(self._log_path), self._silence, self._garbled
        )


def how_it_ended(code: int, last_line: str, log: str, silence: float = 0.0, garbled: str = "") -> str:
    """Return how a worker ended, as one sentence for the person.

    Args:
        code: The exit code as `subprocess` reports it; negative for a signal.
        last_line: The last line of its log, "" for none.
        log: The path of its log, or the null device.
        silence: The seconds of silence after which it was killed; 0 when it ended by itself.
        garbled: What is wrong with what it sent, after which it was killed; "" for nothing.
    """
    again = "it starts again with the next picture"
    has_log = log != os.devnull
    if silence:
        stacks = f" ({log} shows what it was doing)" if has_log else ""
        return f"the rendering process did not answer for {_duration(silence)} and was stopped{stacks}; {again}"
    if garbled:
        return f"the rendering process sent what is no event ({garbled}) and was stopped; {again}"
    if code == -signal.SIGKILL:
        return f"the rendering process was killed, probably because the system ran out of memory; {again}"
    output = f" (its output is in {log})" if has_log else ""
    if code < 0:
        return f"the rendering process crashed with {_signal_name(-code)}{output}; {again}"
    said = f": {last_line}" if last_line else ""
    return f"the rendering process ended with exit code {code}{said}{output}; {again}"


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def worker_environment(threads: int = 0) -> dict[str, str]:
    """Return the environment of the worker: this program's, the settings of the allocator, and where `engine` is.

    In a checkout that is not installed the worker would not find the package by itself.

    Args:
        threads: How many threads compute on its CPU, where this program's environment does not say; 0 for no rule.
    """
    root = Path(__file__).resolve().parents[2]
    shared = {"OMP_NUM_THREADS": str(threads)} if threads else {}
    environment = {**_ALLOCATOR, **shared, **os.environ}
    if root.name not in ("site-packages", "dist-packages"):
        paths = [part for part in environment.get("PYTHONPATH", "").split(os.pathsep) if part]
        environment["PYTHONPATH"] = os.pathsep.join([*paths, str(root)])
    return environment


def _open_log() -> tuple[Path, IO[bytes]]:
    """Create a log file, and remove the oldest ones.  Where none can be written, the output is discarded."""
    folder = user_log_path("warmer", appauthor=False)
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        old = sorted(folder.glob("worker-*.log"), key=lambda path: path.stat().st_mtime)
        for path in old[: max(0, len(old) - _MAX_LOGS + 1)]:
            path.unlink(missing_ok=True)
        path = folder / f"worker-{os.getpid()}-{next(_numbers)}.log"
        path.write_bytes(b"")
        return path, path.open("ab")
    return Path(os.devnull), Path(os.devnull).open("ab")


def _last_line(log: Path) -> str:
    """Return the last line of a log that is not blank, "" when there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4096))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")
