"""Searches with the model that ships, answered by an oracle: a picture in mind stands in for a person.

The rest is the search itself, as the app runs it: its grids, its worker and its files.
"""

from __future__ import annotations

import queue
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.open import open_prompt, session_for
from engine.options import Options
from engine.rendering.events import Event, JobFailed, ModelReady, Picture, PictureRendered
from engine.rendering.requests import PictureTask, RenderJob
from engine.search.answers import Answer, NoneBetter, Picked, PickedByRegion, RegionMarks, Rerolled
from engine.search.folder import PictureFolder
from engine.search.regions import Split, regions_of
from engine.search.running import PARENT, Search, next_job
from engine.worker.client import WorkerRenderer
from latentpng.record import Lineage, SeedRoot
from tui.commands.output import say

Kind = TypeVar("Kind", bound=Event)
CANDIDATES = 8
MAX_GRIDS = 40
MAX_MARKS = 3
_FAR = 32
"""Pixels of the shorter side of a picture that is seen from afar."""


class Oracle(Protocol):
    """Answers grids."""

    def answer(self, pictures: Sequence[Picture]) -> Answer:
        """Return the answer to a grid; pictures: the parent, then its candidates."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """A grid and the answer to it.

    Attributes:
        pictures: The parent, then its candidates.
        answer: The answer.
    """

    pictures: tuple[Picture, ...]
    answer: Answer


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """A search that was recorded.

    Attributes:
        grids: The grids that were answered.
        last: The picture that was picked last.
        file: Its file.
    """

    grids: tuple[Answered, ...]
    last: Picture
    file: Path


class ByWhole:
    """Blends up to MAX_MARKS pictures that look more like the target, and looks twice before it says that none does."""

    def __init__(self, target: Picture) -> None:
        """Keep the picture in mind."""
        self._target, self._looked_twice = target, False

    def answer(self, pictures: Sequence[Picture]) -> Answer:
        """Return the answer to a grid."""
        better = better_ones(pictures, self._target)
        self._looked_twice = not (better or self._looked_twice)
        if better:
            return Picked(marks=better[:MAX_MARKS])
        return Rerolled() if self._looked_twice else NoneBetter()


class ByQuarters:
    """Picks for each quarter the candidate that looks most like the target there, or keeps the parent there."""

    def __init__(self, target: Picture) -> None:
        """Keep the picture in mind."""
        self._target, self._looked_twice = target, False
        self._regions = regions_of(Split.QUARTERS, width=target.width, height=target.height)

    def answer(self, pictures: Sequence[Picture]) -> Answer:
        """Return the answer to a grid."""
        best = {region: better_ones(pictures, self._target, region)[:1] for region in self._regions}
        parts = tuple(RegionMarks(region=region, marks=marks) for region, marks in best.items() if marks)
        self._looked_twice = not (parts or self._looked_twice)
        if parts:
            return PickedByRegion(parts=parts, asked=len(self._regions))
        return Rerolled() if self._looked_twice else NoneBetter()


class Searching:
    """The model, and searches with it."""

    def __init__(self, options: Options, prompt: str, folder: Path) -> None:
        """Load the model."""
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._renderer = WorkerRenderer()
        self._renderer.start(self._events.put)
        self._opening = open_prompt(options, prompt)
        self._options, self._folder = options, folder
        self._renderer.load(self._opening.target.load)
        self._ready = self._next(ModelReady)

    def picture_of(self, seed: int) -> Picture:
        """Return the picture of a seed."""
        task = PictureTask(index=0, lineage=Lineage(root=SeedRoot(seed=seed)), slot=(1, 0))
        self._renderer.render(RenderJob(job=next_job(), tasks=(task,), settings=self._opening.target.settings))
        return self._next(PictureRendered).picture

    def run(self, oracle: Oracle, picks: int) -> Recording:
        """Search until so many picks were made, or MAX_GRIDS grids were seen."""
        search = Search(
            self._opening.beginning,
            session_for(self._opening, self._options, self._ready, CANDIDATES),
            self._renderer,
            PictureFolder(self._folder),
            index=self._folder / "index.json",
            on_load=self._renderer.load,
            on_event=self._events.put,
            on_trouble=say,
        )
        grids: list[Answered] = []
        pictures = self._finished(search)
        while search.session.node.picks < picks and len(grids) < MAX_GRIDS:
            grids.append(Answered(pictures=pictures, answer=oracle.answer(pictures)))
            say(f"{search.session.node.picks} picks, scale {search.session.scale:.2f}: {grids[-1].answer}")
            search.tell(grids[-1].answer, CANDIDATES)
            pictures = self._finished(search)
        last = search.session.place.node
        search.stop()
        search.wait()
        file = search.file(last)
        assert file is not None
        return Recording(grids=tuple(grids), last=pictures[PARENT], file=file)

    def close(self) -> None:
        """End the worker."""
        self._renderer.close()

    def _finished(self, search: Search) -> tuple[Picture, ...]:
        """Return the pictures of the grid, once all are rendered."""
        while True:
            finished = [each for index in range(search.size) if (each := search.finished(index)) is not None]
            if len(finished) == search.size:
                return tuple(each.picture for each in finished)
            search.handle(self._event())

    def _next(self, kind: type[Kind]) -> Kind:
        while True:
            event = self._event()
            if isinstance(event, kind):
                return event

    def _event(self) -> Event:
        event = self._events.get()
        if isinstance(event, JobFailed):
            raise SystemExit(event.sentence)
        return event


def distance(picture: Picture, target: Picture, region: str = "") -> float:
    """Return how far two pictures look apart from afar, in a region: the distance of their blurred colours."""
    squares = (_from_afar(picture) - _from_afar(target)) ** 2
    rows, columns = squares.shape[:2]
    cells = np.array([[cell == "1" for cell in row] for row in (region or "1").split("/")])
    down, across = np.arange(rows) * cells.shape[0] // rows, np.arange(columns) * cells.shape[1] // columns
    return float(np.sqrt(np.mean(squares[cells[down[:, None], across]])))


def better_ones(pictures: Sequence[Picture], target: Picture, region: str = "") -> tuple[int, ...]:
    """Return which candidates look more like the target than the parent does, the best first; from 0."""
    apart = [distance(picture, target, region) for picture in pictures]
    return tuple(int(index) - 1 for index in np.argsort(apart) if apart[index] < apart[PARENT])


def _from_afar(picture: Picture) -> NDArray[np.float64]:
    image = Image.frombytes("RGB", (picture.width, picture.height), picture.rgb)
    factor = _FAR / min(image.size)
    small = image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float64)
