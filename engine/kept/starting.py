"""Start the worker that stays, as a process that does not end with the program that starts it.

Any number of programs may start it at once: the one that gets the lock on the file beside the socket is the worker, the
others end at once (`engine.serve`).
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

from platformdirs import user_log_path

from engine.errors import KeptWorkerError
from engine.kept.address import IS_RUNNING, VARIABLE, Address, create_folder
from engine.kept.connecting import Connection, connect
from engine.kept.greeting import FOREVER
from engine.kept.hello import Hello
from engine.worker.process import worker_environment

SERVER = "engine.serve"
_SECONDS = 30.0
"""How long a worker that holds the lock may take until it listens, or has ended."""
_START_SECONDS = 60.0
_INTERVAL = 0.05


def log_path() -> Path:
    """Return the log of the worker that stays."""
    return user_log_path("warmer", appauthor=False) / "kept-worker.log"


def start(place: Address, hello: Hello, keep_alive: float) -> Connection:
    """Start a worker that stays, or find one that another program starts in this moment; return a connection to it.

    Args:
        place: Where its socket is to be.
        hello: What it is to be.
        keep_alive: The seconds for which it stays when no program uses it.

    Raises:
        KeptWorkerError: The folder is not private, or the worker cannot be started.
    """
    create_folder(place)
    until = time.monotonic() + _SECONDS
    while True:
        code = _run(place, hello, keep_alive)
        connection = connect(place) if code in (0, IS_RUNNING) else None
        if connection is not None:
            return connection
        if code != IS_RUNNING or time.monotonic() > until:
            raise KeptWorkerError(f"a worker that stays cannot be started: {_last_line() or f'exit code {code}'}")
        time.sleep(_INTERVAL)  # another one holds the lock, and does not listen yet or not any more


def _run(place: Address, hello: Hello, keep_alive: float) -> int:
    """Run the program that becomes the worker; return its exit code once its socket listens."""
    words = ["--keep-alive", "forever" if keep_alive == FOREVER else repr(keep_alive)]
    words += ["--device", ",".join(hello.devices)] if hello.devices else []
    words += ["--ray", hello.ray] if hello.ray else []
    words += ["--strict"] if hello.strict else []
    log = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    with contextlib.suppress(OSError):
        log_path().parent.mkdir(parents=True, exist_ok=True)
        opened = os.open(log_path(), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.close(log)
        log = opened
    try:
        return subprocess.run(
            [sys.executable, "-P", "-m", SERVER, *words],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env={
                **worker_environment(),
                VARIABLE: str(place.folder),
            },  # a relative path would mean another folder there
            start_new_session=True,  # no signal of a terminal reaches it
            timeout=_START_SECONDS,
            check=False,
        ).returncode
    except (OSError, subprocess.TimeoutExpired) as error:
        raise KeptWorkerError(f"a worker that stays cannot be started: {error}") from error
    finally:
        os.close(log)


def _last_line() -> str:
    with contextlib.suppress(OSError):
        lines = log_path().read_text("utf-8", "replace").splitlines()
        return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")
    return ""
