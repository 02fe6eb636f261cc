"""Check that a long session does not leak: memory, open files and threads over many rounds with random cancels.

    python -m tests.benchmarks.engine_soak [ROUNDS]

Each round is a grid of 8 with previews on the embedded model, and every tenth round has a new prompt.  Half of the
rounds get a cancel at a random moment, as when somebody picks before the grid is complete; some end before it comes.
The benchmark prints what the worker and this program use after every 50 rounds.  At the end it prints the median
resident memory of the last 50 rounds divided by that of rounds 51 to 100 (the baseline), and the open files.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import threading
from dataclasses import dataclass, replace

import psutil

from engine.rendering.requests import PictureTask, RenderJob
from latentpng.record import Lineage, Round
from tests.benchmarks.gridtask import COUNT, PARENT, SETTINGS, EmbeddedWorker

PROCESSES = ("worker", "client")

SETTLED = 50
"""Rounds after which memory should no longer grow; also the number of rounds that a median is taken over."""
DEPTH = 12
"""Rounds after which a lineage starts again from its parent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """What two processes use, each as (worker, client).

    Attributes:
        memory: Resident bytes.
        files: Open file descriptors.
        threads: Threads.
    """

    memory: tuple[int, int]
    files: tuple[int, int]
    threads: tuple[int, int]

    @staticmethod
    def of(processes: tuple[psutil.Process, psutil.Process]) -> Use:
        """Return what (worker, client) use at this moment."""
        worker, client = processes
        return Use(
            memory=(worker.memory_info().rss, client.memory_info().rss),
            files=(worker.num_fds(), client.num_fds()),
            threads=(worker.num_threads(), client.num_threads()),
        )


def job_of(parent: Lineage, number: int, prompt: str) -> RenderJob:
    """Return the job of round `number`: a grid of candidates of `parent`."""
    tasks = tuple(
        PictureTask(index=mark, lineage=parent.child(Round(seed=number, scale=0.5, of=COUNT, marks=(mark,))))
        for mark in range(COUNT)
    )
    return RenderJob(job=0, tasks=tasks, settings=replace(SETTINGS, prompt=prompt), previews=True)


def soak(worker: EmbeddedWorker, rounds: int) -> tuple[list[Use], int]:
    """Run all rounds; return what was in use after each, and how many ended before all pictures were there."""
    random_, parent, prompt, cancelled = random.Random(0), PARENT, SETTINGS.prompt, 0
    processes = psutil.Process(worker.pid), psutil.Process(os.getpid())
    uses: list[Use] = []
    usual = worker.grid().seconds
    for number in range(rounds):
        if number % 10 == 0:
            prompt = f"{SETTINGS.prompt}, {number} birds"
        job = job_of(parent, number, prompt)
        worker.submit(job)
        if random_.random() < 0.5:
            timer = threading.Timer(random_.random() * usual, worker.cancel)
            timer.start()
            events = worker.wait_until_idle()
            timer.cancel()
            timer.join()
            cancelled += len(events.pixels) < COUNT * SETTINGS.width * SETTINGS.height * 3
        else:
            worker.wait_until_idle()
        parent = PARENT if len(parent.rounds) >= DEPTH else job.tasks[random_.randrange(COUNT)].lineage
        uses.append(Use.of(processes))
        if (number + 1) % SETTLED == 0:
            print(f"{number + 1:5d} rounds: {line(uses[-1])}", flush=True)
    return uses, cancelled


def line(use: Use) -> str:
    """Say what the worker and this program use."""
    return "; ".join(
        f"{name} {use.memory[index] / 2**20:.1f} MiB, {use.files[index]} files, {use.threads[index]} threads"
        for index, name in enumerate(PROCESSES)
    )


def main(rounds: int) -> None:
    """Run all rounds and print what the worker and this program use."""
    worker = EmbeddedWorker()
    uses, cancelled = soak(worker, rounds)
    worker.renderer.close()
    print(f"{rounds} rounds, {cancelled} of them cancelled before the end")
    for index, name in enumerate(PROCESSES):
        parts = uses[SETTLED : 2 * SETTLED], uses[-SETTLED:]
        early, late = (statistics.median(use.memory[index] for use in part) for part in parts)
        files = sorted({use.files[index] for use in uses[SETTLED:]})
        print(
            f"{name}: memory ratio, end / after {SETTLED} rounds: {late / early:.4f}; above 1, memory grew; "
            f"open files after {SETTLED} rounds: {', '.join(map(str, files))}"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
