"""A worker and all that it has started end when their program is killed, whatever they are doing in that moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.support.engine.workers import FAKE_WORKER, ROOT, comes_true, is_alive, is_zombie

_PROGRAM = f"""
import sys, threading
from dataclasses import replace
from engine.rendering.events import StepDone
from engine.rendering.requests import ModelChoice
from engine.worker import process
from engine.worker.client import WorkerRenderer
from tests.support.engine.workers import LOAD, job_of

process.WORKER = {FAKE_WORKER!r}
renderer, has_begun = WorkerRenderer(), threading.Event()
renderer.start(lambda event: has_begun.set() if isinstance(event, StepDone) else None)
renderer.load(LOAD)
renderer.render(job_of(1, count=200))
has_begun.wait()
print(renderer._process.pid, flush=True)
if sys.argv[1] == "slow":
    renderer.load(replace(LOAD, model=ModelChoice(path="", name="slow")))
renderer.render(job_of(2, prompt=sys.argv[1], count=200))
threading.Event().wait()
"""


@contextmanager
def working(prompt: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run a program whose worker renders, and yield it with the process ID of the worker."""
    command = [sys.executable, "-c", _PROGRAM, prompt]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as program:
        try:
            assert program.stdout is not None
            yield program, int(program.stdout.readline())
        finally:
            program.kill()


def group_of(leader: int) -> list[int]:
    """Return the processes of a process group that are alive."""
    found = []
    for pid in psutil.pids():
        try:
            if os.getpgid(pid) == leader and not is_zombie(pid):
                found.append(pid)
        except ProcessLookupError:
            continue
    return found


def is_asleep(worker: int) -> bool:
    """Return whether a worker has announced that it keeps the interpreter lock from now on."""
    return any("native" in file.read_text() for file in logs(worker))


def logs(worker: int) -> list[Path]:
    """Return the log of a worker."""
    return [Path(file.path) for file in psutil.Process(worker).open_files() if file.path.endswith(".log")]


BUSY: dict[str, Callable[[int], bool]] = {
    "a lake": lambda _: True,
    "native": is_asleep,
    "slow": is_asleep,
    "stop": lambda worker: psutil.Process(worker).status() == psutil.STATUS_STOPPED,
    "children": lambda worker: len(group_of(worker)) >= 3,
}


@pytest.mark.parametrize("prompt", BUSY)
def test_a_worker_ends_with_its_program(prompt: str) -> None:
    with working(prompt) as (program, worker):
        assert comes_true(lambda: BUSY[prompt](worker))
        assert worker in group_of(worker)
        program.kill()
        program.wait()
        assert comes_true(lambda: not group_of(worker))


@pytest.mark.parametrize("worker", ["tests.support.engine.fake_worker", "engine.diffusion.main"])
def test_a_parent_that_is_killed_leaves_no_worker(worker: str) -> None:
    """With the real worker: while it loads, which is when it holds the interpreter for long."""
    program = f"""
        import time
        from engine.worker import client, process
        from tests.support.engine.workers import LOAD
        from engine.models.resolve import resolve_model
        from dataclasses import replace
        process.WORKER = {worker!r}
        renderer = client.WorkerRenderer()
        renderer.start(lambda event: print(renderer._process.pid, type(event).__name__, flush=True))
        renderer.load(replace(LOAD, model=resolve_model("")))
        time.sleep(600)
    """
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, cwd=ROOT)
    assert parent.stdout is not None
    with parent.stdout as lines:
        pid = int(lines.readline().split()[0])
        parent.kill()
        parent.wait()
    assert comes_true(lambda: not is_alive(pid) or is_zombie(pid), 20.0)


def test_what_a_worker_has_started_ends_with_it() -> None:
    with working("children") as (_, worker):
        assert comes_true(lambda: len(group_of(worker)) >= 3)
        os.kill(worker, signal.SIGKILL)
        assert comes_true(lambda: not group_of(worker)), "the program ends the rest"
