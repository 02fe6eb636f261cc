"""Long lives: hundreds of rounds, thousands of sessions, a day of idling by a clock that does not tick by itself."""

from __future__ import annotations

import gc
import math
import random
import shutil
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from engine.kept.keep_alive import KeepAlive
from engine.open import open_prompt
from engine.options import Options
from engine.rendering.events import TurnChanged
from engine.resume import open_journal
from engine.search.answers import Answer, Jumped, NoneBetter, Picked, Rerolled, Undone
from engine.search.sessions import indexed_folders, read_session, register, saved_sessions
from tests.benchmarks.latentpng_many import fill
from tests.campaigns.attack.part import Outcome
from tests.support.engine.searching import CANDIDATES, Running
from tui.app.gallery.index import PictureIndex
from tui.app.gallery.rows import PictureRow

_SETTLED = 25
"""Rounds after which caches are full enough that memory may grow slowly only."""
_MIB_PER_ROUND = 0.2
"""A round adds a node to the tree and a file to the journal; each of its pictures takes as much by itself."""
_SIZE = (256, 256)
_SECONDS_PER_ANSWER = 2.0
"""Of processor time, as all limits here: other programs on the machine must not decide what is a fault."""
_DAY = 24 * 60 * 60


def long_session(folder: Path, rounds: int, seed: int) -> Outcome:
    """Answer many grids of one search, resume it at the end, and watch memory and the time of an answer.

    Args:
        folder: An empty folder.
        rounds: The number of answers.
        seed: What decides the answers.
    """
    random_, faults = random.Random(seed), []
    running = Running(open_prompt(Options(seed=seed, size=_SIZE), "a lake"), folder / "s", memory=2**22)
    running.finish()
    memory, seconds = [], list[float]()
    for number in range(rounds):
        begun = time.process_time()
        running.search.tell(_answer(running, random_), CANDIDATES)
        running.search.saving.result()
        seconds.append(time.process_time() - begun)
        running.finish()
        running.renderer.jobs.clear()
        running.renderer.cancels.clear()
        if number % _SETTLED == 0:
            gc.collect()
            memory.append(psutil.Process().memory_info().rss / 2**20)
    expected = running.search.session
    running.close()
    grown = memory[-1] - memory[1 if rounds > 4 * _SETTLED else 0]
    if grown > _MIB_PER_ROUND * rounds:
        faults.append(f"{rounds} rounds, seed {seed}: memory grew by {grown:.0f} MiB")
    if statistics.median(seconds[-_SETTLED:]) > _SECONDS_PER_ANSWER:
        faults.append(
            f"{rounds} rounds, seed {seed}: the last answers took {statistics.median(seconds[-_SETTLED:]):.1f} s"
        )
    begun = time.process_time()
    found = read_session(folder / "s")
    opened = open_journal(Options(), found)
    resumed = time.process_time() - begun
    keys = [node.key for node in expected.tree.nodes]
    if [node.key for node in found.session.tree.nodes] != keys or opened.beginning.lineage != expected.lineage:
        faults.append(f"{rounds} rounds, seed {seed}: the session that is resumed is a different one")
    maxima = {"MiB grown": grown, "ms an answer": max(seconds) * 1000, "ms to resume": resumed * 1000}
    return Outcome(kind=f"{rounds} rounds in one session", faults=(*faults, *running.troubles), maxima=maxima)


def _answer(running: Running, random_: random.Random) -> Answer:
    session, kind = running.search.session, random_.random()
    if kind < 0.05 and session.past:
        return Undone()
    if kind < 0.1:
        return Rerolled()
    if kind < 0.13 and not session.at_floor:
        return NoneBetter()
    if kind < 0.16:
        return Jumped(node=random_.randrange(len(session.tree.nodes)))
    return Picked(marks=(random_.randrange(len(session.place.marks)),))


def many_sessions(folder: Path, sessions: int, pictures: int) -> Outcome:
    """List thousands of sessions and of pictures, those of the index too.

    Args:
        folder: An empty folder.
        sessions: The number of sessions.
        pictures: The number of pictures, all in the folder of the first session.
    """
    first = folder / "all" / "first"
    running = Running(open_prompt(Options(seed=5), "a lake"), first)
    running.finish()
    running.tell(Picked(marks=(1,)))
    running.close()
    for number in range(1, sessions):
        other = folder / ("all" if number % 2 else "elsewhere") / f"session {number}"
        other.mkdir(parents=True)
        shutil.copy(first / "session.json", other)
        if number % 2 == 0:
            register(folder / "index.txt", other)
    begun = time.process_time()
    found = saved_sessions(folder / "all", folder / "index.txt")
    listed = time.process_time() - begun
    expected = 1 + sessions // 2 + len(indexed_folders(folder / "index.txt"))
    faults = (
        [] if len(found) == expected else [f"{sessions} sessions: {expected} were to be listed, found {len(found)}"]
    )
    fill(first, pictures)
    begun = time.process_time()
    again = Running(open_journal(Options(), read_session(first)), first)
    again.finish()
    again.tell(Picked(marks=(2,)))
    again.close()
    saved = time.process_time() - begun
    begun = time.process_time()
    with PictureIndex(folder / "pictures.sqlite") as index:
        index.remember(
            PictureRow.found(f"/p/{number}.png", number, 9).read(prompt="p", model="m") for number in range(pictures)
        )
    with PictureIndex(folder / "pictures.sqlite") as index:
        if len(index.known()) != pictures:
            faults.append(f"{pictures} pictures: the index knows {len(index.known())}")
    known = time.process_time() - begun
    for name, seconds in (("to list", listed), ("to pick", saved), ("to know", known)):
        if seconds > 10.0:
            faults.append(f"{sessions} sessions and {pictures} pictures: it took {seconds:.1f} s {name}")
    maxima = {"s to list": listed, "s to pick": saved, "s to know": known}
    return Outcome(
        kind=f"{sessions:,} sessions, {pictures:,} pictures", faults=(*faults, *again.troubles), maxima=maxima
    )


@dataclass(slots=True)
class _Clock:
    now: float = field(default=0.0)

    def __call__(self) -> float:
        return self.now


def idling(folder: Path, seed: int) -> Outcome:
    """Idle for a day with a worker that stays: programs come and go, and one search sees only that it has to wait.

    Args:
        folder: An empty folder.
        seed: What decides when programs come.
    """
    random_, clock, faults = random.Random(seed), _Clock(), []
    stays = random_.choice((60.0, 3600.0, 2.0 * _DAY))
    keep_alive = KeepAlive(stays, clock)
    running = Running(open_prompt(Options(seed=seed), "a lake"), folder / "s")
    running.finish()
    session, left_at, programs = running.search.session, 0.0, 0
    gc.collect()
    before = psutil.Process().memory_info().rss
    for second in range(_DAY):
        clock.now = float(second)
        if second % 600 == 0:
            now = random_.randrange(3)
            left_at = clock.now if programs and not now else left_at
            programs = now
            keep_alive.count(programs)
        expected = math.inf if programs else max(0.0, left_at + stays - clock.now)
        if second % 60 == 0:
            running.search.handle(TurnChanged(place=second % 3))
            if second > 600 and keep_alive.left != expected:
                faults.append(
                    f"seed {seed}: after {second} s the worker stays {keep_alive.left} s, expected {expected}"
                )
                break
    gc.collect()
    grown = (psutil.Process().memory_info().rss - before) / 2**20
    if running.search.session is not session:
        faults.append(f"seed {seed}: the search changed while nobody touched it")
    if grown > 20.0:
        faults.append(f"seed {seed}: memory grew by {grown:.0f} MiB in a day of idling")
    running.close()
    return Outcome(kind="24 h of idling", faults=tuple(faults[:3]), maxima={"MiB grown": grown})
