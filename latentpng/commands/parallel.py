"""The same work on many files by several processes: results come in the order of the files, as they are needed.

Knows nothing of what is done; it must be a function of a module, because the processes start from nothing.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

from latentpng.commands.output import say

Result = TypeVar("Result")


@contextmanager
def spread(work: Callable[[str], Result], files: Sequence[str], processes: int) -> Iterator[Iterator[Result]]:
    """The results of `work`, one a file; fewer when a process is killed, which is told.

    What is not needed any more is not begun, also after an error.
    """
    context = multiprocessing.get_context("spawn")  # a copy of this process would have only one of its threads
    pool = ProcessPoolExecutor(min(processes, len(files)), context, initializer=_leave_interrupts_to_the_parent)
    try:
        yield _in_order(pool, work, files)
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(pool: ProcessPoolExecutor, work: Callable[[str], Result], files: Sequence[str]) -> Iterator[Result]:
    try:
        yield from pool.map(work, files)
    except BrokenProcessPool:
        say("a process was killed, perhaps for want of memory: the rest is read one by one")


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
