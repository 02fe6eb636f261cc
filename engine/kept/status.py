"""What a worker that stays says about itself."""

from __future__ import annotations

import contextlib
import math
import os

import psutil

from engine.kept.dispatcher import Dispatcher
from engine.kept.hello import Hello
from engine.kept.keep_alive import KeepAlive
from engine.kept.starting import log_path
from latentpng.record import Json, JsonObject


def status_of(dispatcher: Dispatcher, hello: Hello, keep_alive: KeepAlive, since: float) -> JsonObject:
    """Return the status; times are in seconds, `None` where there is no end.

    Args:
        dispatcher: What serves the programs.
        hello: What this worker is.
        keep_alive: How long it stays.
        since: When it was started, in seconds since 1970.
    """
    ready = dispatcher.ready[-1] if dispatcher.ready else None
    return {
        "pid": os.getpid(),
        "version": hello.version,
        "since": since,
        "model": ready.request.model.name if ready else "",
        "device": ready.device if ready else "",
        "dtype": ready.dtype if ready else "",
        "memory": memory_of_processes(),
        "programs": dispatcher.programs,
        "requests": dispatcher.requests,
        "keep_alive": _finite(keep_alive.seconds),
        "left": _finite(keep_alive.left),
        "log": str(log_path()),  # that of this process: the program that asks may have a different home
    }


def memory_of_processes() -> int:
    """Return the main memory, in bytes, of this process and all that it has started."""
    own = psutil.Process()
    total = 0
    for process in (own, *own.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            total += process.memory_info().rss
    return total


def _finite(seconds: float) -> Json:
    return seconds if math.isfinite(seconds) else None
