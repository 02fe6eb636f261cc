"""The same work on many files, by several processes; results come in the order of the files."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

from latentpng.commands.output import say
from latentpng.parent import end_with_parent

Result = TypeVar("Result")


@contextmanager
def spread(work: Callable[[str], Result], files: Sequence[str], processes: int) -> Iterator[Iterator[Result]]:
    """Run a function on every file in worker processes; leaving the context cancels what has not begun.

    Args:
        work: A function of a module, because each process imports it anew.
        files: The files, one call each.
        processes: The maximum number of worker processes.

    Yields:
        The results in the order of the files. They end early, with a message, when a worker process is killed.
    """
    context = multiprocessing.get_context("spawn")  # a fork of a process with threads may deadlock
    pool = ProcessPoolExecutor(min(processes, len(files)), context, initializer=_belong_to_parent)
    try:
        yield _in_order(pool, work, files)
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(pool: ProcessPoolExecutor, work: Callable[[str], Result], files: Sequence[str]) -> Iterator[Result]:
    try:
        yield from pool.map(work, files)
    except BrokenProcessPool:
        say("a worker process was killed, perhaps because memory ran out; the remaining files are read one at a time")


def _belong_to_parent() -> None:
    """Leave Ctrl-C to the parent process, which ends its workers itself, and end when it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None and isinstance(parent.sentinel, int):
        end_with_parent(parent.sentinel)
