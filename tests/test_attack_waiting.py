"""The verdict of the campaign that a case waits for ever is made by what the case does, not by a clock."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

from tests.campaigns.models.cases import waited


def forked(work: Callable[[], object]) -> tuple[int, int]:
    """Run something in a fork, which writes "done" after it."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        work()
        os.write(writing, b"done")
        os._exit(0)
    os.close(writing)
    return child, reading


def _compute() -> None:
    end = time.process_time() + 0.2
    while time.process_time() < end:
        pass


def _compute_beside() -> None:
    """Wait for a thread that computes, as libraries do with threads of their own."""
    thread = threading.Thread(target=_compute)
    thread.start()
    thread.join()


def test_a_case_that_waits_for_ever_is_killed() -> None:
    assert waited(*forked(signal.pause), looks=20) == (-signal.SIGKILL, "")


def test_a_case_that_computes_is_not() -> None:
    assert waited(*forked(_compute), looks=20) == (0, "done")
    assert waited(*forked(_compute_beside), looks=20) == (0, "done")
