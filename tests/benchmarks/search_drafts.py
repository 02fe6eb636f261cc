"""Compare what a person picks from drafts with what they would pick from the finished grid, on the embedded model.

    python -m tests.benchmarks.search_drafts [--count N] [--first SEED] [--quick]

For held-out prompts, grids of 8 candidates are rendered in full, as drafts of a third, a half and two thirds of the
steps, and as the predictions after half of the steps, all from the same noise.  A simulated person has a picture in
mind, and picks the candidate that looks most like it from afar (`tests.support.oracle_search`).  Every grid is seen by
several of them.  For each way it prints how often its best candidate is the best of the finished grid, the mean rank
in the finished order of what is picked (1 is the best), the regret (how much farther from the picture in mind the
picked one is than the best one, over how much farther a random one is), and the processor time of a round: a parent
that is finished, and the candidates.  The last table says how different candidates look from their parent, over the
same difference of finished pictures: with drafts on both sides, and with the parent finished.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from engine.diffusion.jobs import JobRunner
from engine.diffusion.load import load_model
from engine.embedded.training.data import HELD_OUT
from engine.models.resolve import defaults_of, resolve_model
from engine.models.schedulers import scheduler_settings
from engine.rendering.events import DraftRendered, Event, Picture, PictureRendered, PreviewRendered
from engine.rendering.requests import LoadModel, PictureTask, RenderJob
from engine.search.drafts import draft_settings
from engine.search.measuring import difference, reduced
from engine.search.seeds import grid_seed, step_seed_of
from latentpng.record import Lineage, Round, SeedRoot
from tests.benchmarks.heldout import held_out
from tests.support.oracle_search import distance

CANDIDATES = 8
PEOPLE = 4
"""Pictures in mind for each grid."""
FIRST = 730_000
SCALES = 0.7, 0.35
"""Of a first grid and of a later one; prompts take turns."""
WAYS: Mapping[str, float] = {"1/3 of the steps": 1 / 3, "1/2 of the steps": 1 / 2, "2/3 of the steps": 2 / 3}
HALFWAY = "prediction after 1/2"
DEFAULTS: Sequence[tuple[str, int]] = (("DDIM", 12), ("UniPC", 6))

Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A grid as one way shows it.

    Attributes:
        pictures: The candidates.
        seconds: Of processor time, for the candidates.
        looks: How different they look from their parent (median): with the parent shown in the same way, and with the
            finished parent; NaN where the parent is not shown in that way.
    """

    pictures: tuple[Picture, ...]
    seconds: float
    looks: tuple[float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """What people pick from the grids that one way shows.

    Attributes:
        is_best: Whether it is the best of the finished grid, (grids, people).
        rank: Its rank in the finished grid, from 1.
        regret: How much farther from the picture in mind it is than the best one.
        chance: How much farther a random one is.
        seconds: Of processor time, for a round, (grids,).
        looks: As in `Seen`, over those of the finished grid, (grids, 2).
    """

    is_best: Numbers
    rank: Numbers
    regret: Numbers
    chance: Numbers
    seconds: Numbers
    looks: Numbers


class Renderer:
    """Renders with the embedded model in this process, so that the processor time can be measured."""

    def __init__(self, scheduler: str, steps: int) -> None:
        model = resolve_model("")
        plain = defaults_of(model).settings("")
        self.settings = replace(plain, num_inference_steps=steps, scheduler=scheduler_settings(scheduler))
        loaded = load_model(LoadModel(model=model, settings=self.settings, device="cpu"), lambda _: None)
        self._events: list[Event] = []
        self._runner = JobRunner(loaded, emit=self._events.append, is_cancelled=lambda _: False)

    def run(self, job: RenderJob) -> tuple[tuple[Picture, ...], float]:
        """Return the pictures of a job and its processor time."""
        self._events.clear()
        started = time.process_time()
        self._runner.run(job)
        seconds = time.process_time() - started
        kinds = PictureRendered | DraftRendered | PreviewRendered
        return tuple(event.picture for event in self._events if isinstance(event, kinds)), seconds

    def grid(self, prompt: str, seed: int, scale: float) -> tuple[dict[str, Seen], float]:
        """Return a grid as each way shows it, "" for the finished one, and the processor time of its parent."""
        settings = replace(self.settings, prompt=prompt, step_seed=step_seed_of(seed))
        root = Lineage(root=SeedRoot(seed=seed))
        rounds = (Round(seed=grid_seed(seed, 0), scale=scale, of=CANDIDATES, marks=(m,)) for m in range(CANDIDATES))
        tasks = tuple(PictureTask(index=m, lineage=root.child(one)) for m, one in enumerate(rounds))
        whole = RenderJob(job=1, tasks=tasks, settings=settings)
        alone = replace(whole, tasks=(PictureTask(index=0, lineage=root, slot=(1, 0)),))
        (parent,), seconds = self.run(alone)
        found = {"": self._seen(whole, parent, parent)}
        for name, share in WAYS.items():
            steps = round(share * settings.num_inference_steps)
            draft = replace(whole, settings=replace(settings, num_inference_steps=steps), is_draft=True)
            (as_draft,), _ = self.run(replace(draft, tasks=alone.tasks))
            found[name] = self._seen(draft, as_draft, parent)
        found[HALFWAY] = self._seen(replace(whole, stop_after=settings.num_inference_steps // 2), None, parent)
        return found, seconds

    def in_mind(self, prompt: str, seed: int) -> tuple[Picture, ...]:
        """Return what the people who see a grid have in mind: finished pictures of other seeds."""
        settings = replace(self.settings, prompt=prompt, step_seed=step_seed_of(seed))
        roots = (Lineage(root=SeedRoot(seed=grid_seed(seed, 1 + person))) for person in range(PEOPLE))
        tasks = tuple(PictureTask(index=at, lineage=root) for at, root in enumerate(roots))
        return self.run(RenderJob(job=1, tasks=tasks, settings=settings))[0]

    def _seen(self, job: RenderJob, same: Picture | None, parent: Picture) -> Seen:
        pictures, seconds = self.run(job)
        looks = (_look(same, pictures), np.nan if job.stop_after else _look(parent, pictures))
        return Seen(pictures=pictures, seconds=seconds, looks=looks)


def _look(parent: Picture | None, candidates: Sequence[Picture]) -> float:
    """Return how different candidates look from their parent, as the search measures it."""
    if parent is None:
        return float("nan")
    return statistics.median(difference(reduced(parent), reduced(one)) for one in candidates)


def judged(grids: Sequence[Mapping[str, Seen]], minds: Sequence[Sequence[Picture]], way: str, parent: float) -> Judged:
    """Return what people pick from the grids that one way shows.

    Args:
        grids: The grids as each way shows them.
        minds: What the people who see each grid have in mind.
        way: The way.
        parent: The processor time of a parent.
    """
    rows = []
    for grid, targets in zip(grids, minds, strict=True):
        for target in targets:
            whole = np.array([distance(picture, target) for picture in grid[""].pictures])
            picked = int(np.argmin([distance(picture, target) for picture in grid[way].pictures]))
            better = np.count_nonzero(whole < whole[picked])
            rows.append((picked == whole.argmin(), 1 + better, whole[picked] - whole.min(), whole.mean() - whole.min()))
    is_best, rank, regret, chance = np.array(rows, dtype=np.float64).T.reshape(4, len(grids), -1)
    looks = np.array([np.array(grid[way].looks) / grid[""].looks[0] for grid in grids])
    seconds = np.array([parent + grid[way].seconds for grid in grids])
    return Judged(is_best=is_best, rank=rank, regret=regret, chance=chance, seconds=seconds, looks=looks)


def interval(values: Numbers) -> tuple[float, float]:
    """Return the 95% interval of a mean, from a bootstrap of the grids that keeps their people together."""
    picks = np.random.default_rng(1).integers(0, len(values), (10_000, len(values)))
    low, high = np.percentile(values.mean(axis=1)[picks].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def print_default(scheduler: str, steps: int, first: int, captions: Sequence[str]) -> None:
    """Render grids with a scheduler and its steps, and print the figures of each way."""
    renderer = Renderer(scheduler, steps)
    seeds = range(first, first + len(captions))
    found = [
        renderer.grid(caption, seed, SCALES[seed % len(SCALES)]) for caption, seed in zip(captions, seeds, strict=True)
    ]
    grids, parent = [grid for grid, _ in found], statistics.median(seconds for _, seconds in found)
    minds = [renderer.in_mind(caption, seed) for caption, seed in zip(captions, seeds, strict=True)]
    whole = judged(grids, minds, "", parent).seconds
    print(f"\n{scheduler}, {steps} steps: {len(grids)} grids of {CANDIDATES}, {PEOPLE} people each")
    print(f"{'':<22} {'best is best':>22} {'rank':>6} {'regret':>7} {'time of a round':>16} {'look':>6} {'mixed':>6}")
    for way in (*WAYS, HALFWAY):
        one = judged(grids, minds, way, parent)
        low, high = interval(one.is_best)
        print(
            f"{way:<22} {one.is_best.mean():8.2f} [{low:.2f}, {high:.2f}] {one.rank.mean():6.2f}"
            f" {one.regret.mean() / one.chance.mean():7.3f} {float(np.median(one.seconds / whole)):15.2f}x"
            f" {float(np.median(one.looks[:, 0])):6.2f} {float(np.median(one.looks[:, 1])):6.2f}"
        )
    default = draft_settings(renderer.settings)
    print(f"the app gives a draft {steps if default is None else default.num_inference_steps} steps")
    print(f"a round in full: {float(np.median(whole)):.2f} s of processor time, its parent {parent:.2f} s of it")


def main() -> None:
    """Read the command line, render the grids and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=24, help="number of held-out prompts (24)")
    parser.add_argument("--first", type=int, default=FIRST, help=f"seed of the first ({FIRST})")
    parser.add_argument("--quick", action="store_true", help="two prompts, to see that it runs")
    given = parser.parse_args()
    torch.set_num_threads(1)
    count = 2 if given.quick else given.count
    captions = [caption.text for caption in held_out(count, HELD_OUT + given.first).captions]
    for scheduler, steps in DEFAULTS:
        print_default(scheduler, steps, given.first, captions)


if __name__ == "__main__":
    main()
