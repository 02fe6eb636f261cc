"""Make the README's animation: a real search of eight picks, and the film of its way.

    python -m tests.support.hero docs/images/way.webp [--seed N] [--target N] [--prompt P]

A person is replaced by an oracle that has a picture in mind, that of the seed --target, and picks or blends the
candidates that look more like it from afar.  The rest is the search itself, with the model that ships, and the command
`warmer film`.
"""

from __future__ import annotations

import argparse
import queue
import tempfile
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.open import open_prompt, session_for
from engine.options import Options
from engine.rendering.events import Event, JobFailed, ModelReady, Picture, PictureRendered
from engine.rendering.requests import PictureTask, RenderJob
from engine.search.answers import Answer, NoneBetter, Picked, Rerolled
from engine.search.folder import PictureFolder
from engine.search.running import PARENT, Search, next_job
from engine.worker.client import WorkerRenderer
from latentpng.record import Lineage, SeedRoot
from tui.cli import run_command
from tui.commands.output import say

Kind = TypeVar("Kind", bound=Event)
CANDIDATES = 8
PICKS = 8
MAX_GRIDS = 40
MAX_MARKS = 3
FILM = ("--words", "--size", "576", "--frames", "16", "--fps", "20")
_FAR = 32
"""Pixels of the shorter side of a picture that is seen from afar."""


class Searching:
    """A search that an oracle answers."""

    def __init__(self, options: Options, prompt: str, folder: Path) -> None:
        """Load the model."""
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._renderer = WorkerRenderer()
        self._renderer.start(self._events.put)
        self._opening = open_prompt(options, prompt)
        self._options, self._folder = options, folder
        self._looked_twice = False
        self._renderer.load(self._opening.target.load)

    def picture_of(self, seed: int) -> Picture:
        """Return the picture of a seed."""
        self._ready = self._next(ModelReady)
        task = PictureTask(index=0, lineage=Lineage(root=SeedRoot(seed=seed)), slot=(1, 0))
        self._renderer.render(RenderJob(job=next_job(), tasks=(task,), settings=self._opening.target.settings))
        return self._next(PictureRendered).picture

    def run(self, target: Picture) -> Path:
        """Search until PICKS candidates were picked, and return the file of the last one."""
        beginning = self._opening.beginning
        search = Search(
            beginning,
            session_for(self._opening, self._options, self._ready, CANDIDATES),
            self._renderer,
            PictureFolder(self._folder),
            index=self._folder / "index.json",
            on_load=self._renderer.load,
            on_event=self._events.put,
            on_trouble=say,
        )
        for _ in range(MAX_GRIDS):
            self._finish(search)
            pictures = [search.finished(index) for index in range(search.size)]
            apart = [_distance(each.picture, target) for each in pictures if each is not None]
            better = [int(index) for index in np.argsort(apart) if apart[index] < apart[PARENT]]
            picks = search.session.node.picks
            say(f"{picks} picks, scale {search.session.scale:.2f}: {apart[PARENT]:.2f}, better: {better}")
            if picks == PICKS:
                break
            search.tell(self._answer(better), CANDIDATES)
        last = search.session.place.node
        search.stop()
        search.wait()
        file = search.file(last)
        assert file is not None
        return file

    def _answer(self, better: list[int]) -> Answer:
        """Blend up to three pictures that are better; look at a second grid before saying that none is."""
        if better:
            self._looked_twice = False
            return Picked(marks=tuple(index - 1 for index in better[:MAX_MARKS]))
        self._looked_twice = not self._looked_twice
        return Rerolled() if self._looked_twice else NoneBetter()

    def close(self) -> None:
        """End the worker."""
        self._renderer.close()

    def _finish(self, search: Search) -> None:
        while any(search.finished(index) is None for index in range(search.size)):
            event = self._events.get()
            if isinstance(event, JobFailed):
                raise SystemExit(event.sentence)
            search.handle(event)

    def _next(self, kind: type[Kind]) -> Kind:
        while True:
            event = self._events.get()
            if isinstance(event, JobFailed):
                raise SystemExit(event.sentence)
            if isinstance(event, kind):
                return event


def _distance(picture: Picture, target: Picture) -> float:
    """Return how far two pictures look apart from afar: the distance of their blurred colours."""
    return float(np.sqrt(np.mean((_from_afar(picture) - _from_afar(target)) ** 2)))


def _from_afar(picture: Picture) -> NDArray[np.float64]:
    image = Image.frombytes("RGB", (picture.width, picture.height), picture.rgb)
    factor = _FAR / min(image.size)
    small = image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float64)


def main() -> None:
    """Search, and film the way."""
    parser = argparse.ArgumentParser(description="Make the README's animation.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--prompt", default="a lighthouse at sunset, a boat, a large sun")
    parser.add_argument("--seed", type=int, default=14)
    parser.add_argument("--target", type=int, default=21)
    parser.add_argument("--size", default="192x128")
    parser.add_argument("--scale", type=float, default=0.6)
    parser.add_argument("--film", nargs=argparse.REMAINDER, default=[], help="more options of `warmer film`")
    given = parser.parse_args()
    width, height = map(int, given.size.split("x"))
    options = Options(seed=given.seed, size=(width, height), scale=given.scale)
    with tempfile.TemporaryDirectory() as folder:
        searching = Searching(options, given.prompt, Path(folder))
        try:
            picture = searching.run(searching.picture_of(given.target))
        finally:
            searching.close()
        words = [str(picture), "--out", str(given.out), "--force", *FILM, *given.film]
        run_command("film", words, WorkerRenderer)


if __name__ == "__main__":
    main()
