"""Measure what a person waits for after a pick, with grids that are rendered ahead and without.

    python -m tests.benchmarks.search_ahead [--quick] [--real]

A simulated person has a picture in mind.  They look at each complete grid for five seconds, and then pick the candidate
that looks most like it, say that none is better, or want other ones where none was better twice.  "by digits" they
never move the cursor; "by cursor" it is on what they choose two seconds before.  The pictures are those of the embedded
model, small and in few steps; the clock is simulated, so that other work on the machine changes nothing: a grid takes
1, 3 or 10 s.

For each number of grids rendered ahead the benchmark prints the share of answers whose grid was there at once, the
median and the 95% quantile of the seconds until it was complete, and how many pictures more than without were rendered
for each answer.  All searches see the same pictures, which is checked.

--real takes true time with a worker process instead, and prints the load of the machine with it.
"""

from __future__ import annotations

import argparse
import os
import queue
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from engine.open import open_prompt, session_for
from engine.options import Options
from engine.rendering.events import Event, JobFailed, ModelReady, Picture, StepDone
from engine.rendering.renderer import Renderer
from engine.rendering.requests import PictureTask, RenderJob
from engine.search.ahead import AUTO_GRIDS
from engine.search.answers import Answer, NoneBetter, Picked, Rerolled
from engine.search.folder import PictureFolder
from engine.search.grid import Grid
from engine.search.running import PARENT, Search
from engine.worker.client import WorkerRenderer
from latentpng.identity import Key
from latentpng.record import Lineage, SeedRoot
from tests.benchmarks.timelapse import Studio, Timelapse
from tests.support.oracle_search import better_ones
from tui.commands.output import say

CANDIDATES = 8
LOOK, MOVED_BEFORE = 5.0, 2.0
STEPS, SIDE = 2, 64
UNLIMITED = 99
_TIMEOUT = 600.0
NUMBERS = (0, 2, 4, 6, UNLIMITED)
GRID_SECONDS = (1.0, 3.0, 10.0)
PROMPTS = ("a red sun over a lake", "a green house and a tree", "a blue boat at night", "a yellow field under clouds")


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Someone with a picture in mind.

    Attributes:
        prompt: What the search begins with.
        seed: The seed of the search.
        target: The picture in mind.
        by_cursor: Whether they move the cursor to what they choose.
    """

    prompt: str
    seed: int
    target: Picture
    by_cursor: bool

    def answer(self, search: Search, before: Answer | None) -> Answer:
        """Return the answer to a complete grid; before: the one to the grid before."""
        better = better_ones(shown(search), self.target)[:1]
        if better:
            return Picked(marks=better)
        return Rerolled() if isinstance(before, NoneBetter) or search.session.at_floor else NoneBetter()


@dataclass(kw_only=True, slots=True)
class Measured:
    """What searches took.

    Attributes:
        waits: The seconds until the next grid was complete, for each answer.
        rendered: The pictures that were rendered.
        keys: The keys of all grids that were seen.
        answers: What was answered, as kinds of answers.
    """

    waits: list[float] = field(default_factory=list)
    rendered: float = 0.0
    keys: list[tuple[Key, ...]] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)

    def line(self, off: Measured) -> str:
        """Return the figures as a line; off: the same searches without."""
        waits = sorted(self.waits)
        at_once = sum(wait == 0.0 for wait in waits) / len(waits)
        late = waits[min(len(waits) - 1, int(0.95 * len(waits)))]
        more = (self.rendered - off.rendered) / len(waits)
        return (
            f"at once {at_once:4.0%}  median {statistics.median(waits):5.2f} s  95% {late:5.2f} s  "
            f"{more:5.1f} pictures more for each answer"
        )


class Clock(Protocol):
    """Time, and the events that come with it."""

    @property
    def now(self) -> float:
        """The time in seconds."""

    @property
    def rendered(self) -> float:
        """The pictures that were rendered."""

    def next_event(self, until: float) -> bool:
        """Wait for the next event, which is queued, or until a time; return whether one came."""


@dataclass(kw_only=True, slots=True)
class TrueTime:
    """The time of this machine, and the events of a worker.

    Attributes:
        arriving: Where the worker puts its events.
        events: Those that have come.
        rendered: The pictures that were rendered.
    """

    arriving: queue.Queue[Event]
    events: list[Event]
    rendered: float = 0.0

    @property
    def now(self) -> float:
        """The time in seconds."""
        return time.monotonic()

    def next_event(self, until: float) -> bool:
        """Wait for the next event, or until a time; return whether one came."""
        try:
            event = self.arriving.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            return False
        if isinstance(event, StepDone):
            self.rendered += len(event.indices) / event.steps
        self.events.append(event)
        return True


def shown(search: Search) -> list[Picture]:
    """Return the pictures of a complete grid."""
    found = [search.finished(index) for index in range(search.size)]
    return [each.picture for each in found if each is not None]


@dataclass(kw_only=True, slots=True)
class Game:
    """A search that a person answers."""

    search: Search
    clock: Clock
    events: list[Event]

    def until(self, end: float) -> None:
        """Let time pass."""
        while self.clock.next_event(end):
            self.take()

    def complete(self) -> float:
        """Wait until the grid is complete, and return the seconds that it took."""
        began = self.clock.now
        while self.search.progress.running or len(shown(self.search)) < self.search.size:
            self.clock.next_event(began + _TIMEOUT)
            self.take()
            if self.clock.now >= began + _TIMEOUT:
                raise SystemExit("a grid was not rendered")
        return self.clock.now - began

    def take(self) -> None:
        """Hand the events that have come to the search."""
        while self.events:
            event = self.events.pop(0)
            if isinstance(event, JobFailed):
                raise SystemExit(event.sentence)
            self.search.handle(event)


def play(game: Game, person: Person, answers: int, measured: Measured) -> None:
    """Let a person answer so many grids."""
    game.complete()
    before: Answer | None = None
    for _ in range(answers):
        answer = person.answer(game.search, before)
        game.until(game.clock.now + LOOK - MOVED_BEFORE)
        if person.by_cursor and not isinstance(answer, Rerolled):
            game.search.look_at(1 + answer.marks[0] if isinstance(answer, Picked) else PARENT)
        game.until(game.clock.now + MOVED_BEFORE)
        asked = game.clock.now
        game.search.tell(answer, CANDIDATES)
        at_once = not game.search.progress.running
        game.take()
        game.complete()
        measured.waits.append(0.0 if at_once else game.clock.now - asked)
        measured.answers[type(answer).__name__] += 1
        measured.keys.append(Grid.of(game.search.session).keys)
        before = answer


def begin(person: Person, ready: ModelReady, renderer: Renderer, folder: Path, events: list[Event]) -> Search:
    """Begin a search."""
    options = _options(person.seed)
    opening = open_prompt(options, person.prompt)
    return Search(
        opening.beginning,
        session_for(opening, options, ready, CANDIDATES),
        renderer,
        PictureFolder(folder),
        index=folder.parent / "index.json",
        on_load=lambda _: None,
        on_event=events.append,
        on_trouble=say,
    )


def searched(people: Sequence[Person], grids: int, answers: int, studio: Studio, grid_seconds: float) -> Measured:
    """Return what the searches of some people took on the simulated clock."""
    measured = Measured()
    for person in people:
        events: list[Event] = []
        clock = Timelapse(studio=studio, grid_seconds=grid_seconds)
        clock.start(events.append)
        with tempfile.TemporaryDirectory() as folder:
            search = begin(person, studio.ready, clock, Path(folder) / "s", events)
            search.set_ahead(grids)
            play(Game(search=search, clock=clock, events=events), person, answers, measured)
            search.stop()
            search.wait()
        measured.rendered += clock.rendered
    return measured


def searched_in_true_time(people: Sequence[Person], grids: int, answers: int) -> Measured:
    """Return what the searches of some people took with a worker."""
    measured, events, arriving = Measured(), list[Event](), queue.Queue[Event]()
    renderer = WorkerRenderer()
    renderer.start(arriving.put)
    renderer.load(open_prompt(_options(), PROMPTS[0]).beginning.load)
    while not isinstance(ready := arriving.get(), ModelReady):
        pass
    for person in people:
        clock = TrueTime(arriving=arriving, events=events)
        with tempfile.TemporaryDirectory() as folder:
            search = begin(person, ready, renderer, Path(folder) / "s", events)
            search.set_ahead(grids)
            play(Game(search=search, clock=clock, events=events), person, answers, measured)
            search.stop()
            search.wait()
        measured.rendered += clock.rendered
    renderer.close()
    return measured


def people_of(studio: Studio, count: int, *, by_cursor: bool) -> list[Person]:
    """Return people who have a picture of a different seed in mind."""
    found = []
    for number in range(count):
        prompt = PROMPTS[number % len(PROMPTS)]
        settings = open_prompt(_options(), prompt).target.settings
        task = PictureTask(index=0, lineage=Lineage(root=SeedRoot(seed=900 + number)), slot=(1, 0))
        target = studio.picture(RenderJob(job=0, tasks=(task,), settings=settings))
        found.append(Person(prompt=prompt, seed=100 + number, target=target, by_cursor=by_cursor))
    return found


def _options(seed: int | None = None) -> Options:
    return Options(seed=seed, num_inference_steps=STEPS, size=(SIDE, SIDE), device="cpu", batch=CANDIDATES)


def name_of(grids: int) -> str:
    """Return what a table calls a number of grids."""
    return "off" if not grids else "unlimited" if grids == UNLIMITED else f"{grids}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one search of three answers")
    parser.add_argument("--real", action="store_true", help="take true time, with a worker process")
    parser.add_argument("--searches", type=int, default=len(PROMPTS))
    parser.add_argument("--answers", type=int, default=8)
    asked = parser.parse_args(arguments)
    searches, answers = (1, 3) if asked.quick else (asked.searches, asked.answers)
    numbers = (0, AUTO_GRIDS) if asked.quick or asked.real else NUMBERS
    studio = Studio(open_prompt(_options(), PROMPTS[0]).beginning.load)
    for by_cursor in (False, True):
        people = people_of(studio, searches, by_cursor=by_cursor)
        for seconds in (0.0,) if asked.real else GRID_SECONDS[:1] if asked.quick else GRID_SECONDS:
            print(f"{'by cursor' if by_cursor else 'by digits'}, {_conditions(seconds)}:", flush=True)
            off = Measured()
            for grids in numbers:
                found = (
                    searched_in_true_time(people, grids, answers)
                    if asked.real
                    else searched(people, grids, answers, studio, seconds)
                )
                off = off if grids else found
                if found.keys != off.keys:
                    raise SystemExit("the searches saw different pictures")
                print(f"  {name_of(grids):9}  {found.line(off)}", flush=True)
            print(f"  of {off.answers.total()} answers: {dict(off.answers)}", flush=True)


def _conditions(seconds: float) -> str:
    if seconds:
        return f"a grid takes {seconds:.0f} s"
    return f"true time, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


if __name__ == "__main__":
    main()
