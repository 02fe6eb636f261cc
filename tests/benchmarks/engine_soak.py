"""Many rounds with random cancels: do memory and open files of the worker, and of this program, stay as they are?

python -m tests.benchmarks.engine_soak [ROUNDS]

Grids of 8 with previews on the embedded model; about half of them are cancelled at a random moment, as by somebody who
picks before all is drawn.  Every tenth round has a new prompt.  Memory is what is resident.
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
from tests.benchmarks.gridtask import COUNT, PARENT, SETTINGS, OurWorker

SETTLED = 50
"""Rounds after which memory has to stay."""
GOAL = 1.02
DEPTH = 12
"""Rounds of a lineage, then it begins anew."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """Of the worker and of this program: resident bytes, descriptors, threads."""

    memory: tuple[int, int]
    files: tuple[int, int]
    threads: tuple[int, int]

    @staticmethod
    def of(processes: tuple[psutil.Process, psutil.Process]) -> Use:
        """Now."""
        worker, client = processes
        return Use(
            memory=(worker.memory_info().rss, client.memory_info().rss),
            files=(worker.num_fds(), client.num_fds()),
            threads=(worker.num_threads(), client.num_threads()),
        )


def job_of(parent: Lineage, number: int, prompt: str) -> RenderJob:
    """The next grid."""
    tasks = tuple(
        PictureTask(index=mark, lineage=parent.child(Round(seed=number, scale=0.5, of=COUNT, marks=(mark,))))
        for mark in range(COUNT)
    )
    return RenderJob(job=0, tasks=tasks, settings=replace(SETTINGS, prompt=prompt), previews=True)


def soak(worker: OurWorker, rounds: int) -> tuple[list[Use], int]:
    """What was in use after each round, and how many were cancelled."""
    chance, parent, prompt, cancelled = random.Random(0), PARENT, SETTINGS.prompt, 0
    processes = psutil.Process(worker.pid), psutil.Process(os.getpid())
    uses: list[Use] = []
    usual = worker.grid().seconds
    for number in range(rounds):
        if number % 10 == 0:
            prompt = f"{SETTINGS.prompt}, {number} birds"
        job = job_of(parent, number, prompt)
        worker.ask(job)
        if chance.random() < 0.5:
            timer = threading.Timer(chance.random() * usual, worker.cancel)
            timer.start()
            seen = worker.rest()
            timer.cancel()
            timer.join()
            cancelled += len(seen.pixels) < COUNT * SETTINGS.width * SETTINGS.height * 3
        else:
            worker.rest()
        parent = PARENT if len(parent.rounds) >= DEPTH else job.tasks[chance.randrange(COUNT)].lineage
        uses.append(Use.of(processes))
        if (number + 1) % SETTLED == 0:
            print(f"{number + 1:5d} rounds: {line(uses[-1])}", flush=True)
    return uses, cancelled


def line(use: Use) -> str:
    """The worker's, then this program's."""
    return "; ".join(
        f"{name} {use.memory[place] / 2**20:.1f} MiB, {use.files[place]} files, {use.threads[place]} threads"
        for place, name in enumerate(("worker", "client"))
    )


def main(rounds: int) -> None:
    worker = OurWorker()
    uses, cancelled = soak(worker, rounds)
    worker.renderer.close()
    print(f"{rounds} rounds, {cancelled} of them cancelled before the end")
    for place, name in enumerate(("worker", "client")):
        parts = uses[SETTLED : 2 * SETTLED], uses[-SETTLED:]
        early, late = (statistics.median(use.memory[place] for use in part) for part in parts)
        files = {use.files[place] for use in uses[SETTLED:]}
        print(f"{name}: memory {late / early:.4f} of that after {SETTLED} rounds (goal {GOAL}), files {sorted(files)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
