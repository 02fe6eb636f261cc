"""A Ray cluster of this machine alone: started on the loopback interface with a token, and ended again.

No other machine can join or reach it; for several machines, a person starts Ray on each (docs/scaling.md).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from platformdirs import user_state_path

from engine.errors import RenderError
from engine.models.json_files import read_state, write_state
from engine.worker.process import worker_environment
from latentpng.parent import Kind, Lifeline

_PROGRAM = "ray.scripts.scripts"
_STATE, _TOKEN, _LOCK = "ray.json", "ray-token", "ray.lock"
_START_SECONDS, _STOP_SECONDS = 90.0, 20.0
_STORE_BYTES = 2**28
"""Memory for what crosses between processes: a few pictures at a time."""
_HOST = "127.0.0.1"
"""With any other address, also of the loopback interface, Ray listens on all interfaces."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """The head node that `warmer ray up` started.

    Attributes:
        address: Host and port of its control service.
        token_path: The file of its token.
        folder: The folder of its sockets and logs.
        pid: The process that started all others of the cluster, and ends them with itself.
        created: When that process began, in seconds since 1970: the system uses its number again.
    """

    address: str
    token_path: str
    folder: str
    pid: int
    created: float


def running_head() -> Head | None:
    """Return the head node that runs on this machine, None when there is none."""
    state = read_state(_state_folder() / _STATE)
    if not isinstance(state, dict):
        return None
    try:
        head = Head(**state)
    except TypeError:
        return None
    return head if _process_of(head) is not None else None


def start_head() -> Head:
    """Return the head node once it can be used; it is started unless it runs, or another program has just started it.

    Raises:
        RenderError: It does not start.
        OSError: A file cannot be written.
    """
    with _alone():
        return running_head() or _start()


def _start() -> Head:
    token_path = _token_path()
    # Ray makes its folder writable for everyone, so it is put into one that nobody else may enter.
    folder = Path(tempfile.mkdtemp(prefix="warmer-ray-"))
    log = folder / "ray.log"
    with Lifeline() as lifeline:
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*lifeline.program(Kind.STARTING, _PROGRAM), *_arguments(folder / "r")],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=(lifeline.end,),
                start_new_session=True,
                env=_environment(token_path),
            )
        try:
            head = _started(process, folder, token_path)
        except BaseException:
            _end(process.pid, folder)
            raise
        lifeline.set_free()
    return head


def _started(process: subprocess.Popen[bytes], folder: Path, token_path: Path) -> Head:
    """Wait until the head node can be used, and note it."""
    address = _wait_for(process, folder)
    created = psutil.Process(process.pid).create_time()
    head = Head(address=address, token_path=str(token_path), folder=str(folder), pid=process.pid, created=created)
    write_state(_state_folder() / _STATE, asdict(head))
    return head


def _environment(token_path: Path) -> dict[str, str]:
    return {
        **worker_environment(),
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": "",  # it would be used in place of the file
        "RAY_AUTH_TOKEN_PATH": str(token_path),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # otherwise Ray replaces the loopback address by another one
    }


def stop_head(head: Head) -> None:
    """End every process of a head node, and remove its folder."""
    with _alone():
        process = _process_of(head)
        if process is not None:
            process.terminate()
            with contextlib.suppress(psutil.TimeoutExpired):
                process.wait(_STOP_SECONDS)
        _end(head.pid if process is not None else 0, Path(head.folder))
        (_state_folder() / _STATE).unlink(missing_ok=True)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Wait until no other program starts or stops a head node, and keep all others waiting."""
    _state_folder().mkdir(parents=True, exist_ok=True)
    lock = os.open(_state_folder() / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _arguments(folder: Path) -> list[str]:
    return [
        *("start", "--head", "--block"),
        f"--node-ip-address={_HOST}",
        "--port=0",
        "--include-dashboard=false",
        "--disable-usage-stats",
        "--include-log-monitor=false",
        f"--object-store-memory={_STORE_BYTES}",
        f"--temp-dir={folder}",
    ]


def _wait_for(process: subprocess.Popen[bytes], folder: Path) -> str:
    """Wait until the head node can be used, and return its address."""
    log, current = folder / "ray.log", folder / "r" / "ray_current_cluster"
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if current.is_file() and b"runtime started" in log.read_bytes():
            address = current.read_text("utf-8").strip()
            host, _, port = address.rpartition(":")
            socket.create_connection((host, int(port)), timeout=_STOP_SECONDS).close()
            return address
        time.sleep(0.1)
    lines = log.read_text("utf-8", "replace").splitlines()
    said = next((line.strip()[:300] for line in reversed(lines) if line.strip()), "it printed nothing")
    raise RenderError(f"Ray did not start on this machine: {said}")


def _end(group: int, folder: Path) -> None:
    """Kill what is left of a process group, and remove a folder."""
    if group:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


def _process_of(head: Head) -> psutil.Process | None:
    try:
        process = psutil.Process(head.pid)
        is_same = abs(process.create_time() - head.created) < 1 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return None
    return process if is_same else None


def _token_path() -> Path:
    """Return the file of the token, which only its owner may read; it is made once."""
    path = _state_folder() / _TOKEN
    if path.is_file() and not path.stat().st_size:
        path.unlink()  # the program that made it was ended before it wrote the token
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
    path.chmod(0o600)
    return path


def _state_folder() -> Path:
    return user_state_path("warmer", appauthor=False)
