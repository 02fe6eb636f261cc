"""Limits on the memory and the processor time that this process may take for a while, enforced by the kernel."""

from __future__ import annotations

import resource
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

_STATM = Path("/proc/self/statm")
_DATA = 5
"""The place of private writable memory in statm, in pages."""


@contextmanager
def limited_memory(size: int) -> Iterator[None]:
    """Let this process take on only so much memory while the context is open; more raises MemoryError.

    Native code that cannot handle that ends the process.  Without Linux nothing is limited.

    Args:
        size: Bytes, above what the process has now.
    """
    try:
        pages = int(_STATM.read_text("ascii").split()[_DATA])
    except OSError:
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_DATA)
    most = pages * resource.getpagesize() + size
    allowed = min(limit for limit in (most, *before) if limit != resource.RLIM_INFINITY)
    resource.setrlimit(resource.RLIMIT_DATA, (allowed, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


@contextmanager
def limited_time(seconds: float) -> Iterator[None]:
    """Let this process take only so much processor time while the context is open; more raises TimeoutError.

    Native code is interrupted when it returns.  Only the main thread can be limited so; others are not.

    Args:
        seconds: Of processor time, of all threads together.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGVTALRM, _interrupt)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (the signature of handlers)
    raise TimeoutError("the limit on processor time was reached")
