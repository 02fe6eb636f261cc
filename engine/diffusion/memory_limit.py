"""A limit on the memory that this process may take on for a while, enforced by the kernel."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
