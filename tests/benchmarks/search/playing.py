"""Simulated searches side by side: each grid of all cases is rendered as one batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.search.answers import NoneBetter, Picked, PickedByRegion, RegionMarks, Rescaled
from engine.search.regions import Split, regions_of
from engine.search.session import Session, tell
from engine.search.steps import REGION_SCALE
from latentpng.record import Lineage
from tests.benchmarks.search.cases import Case, CaseSet
from tests.benchmarks.search.game import Game, begin_game, jumped, rerolled, with_varied_grid, worse_is_undone
from tests.benchmarks.search.oracles import Marks, Oracle
from tests.benchmarks.search.strategies import COUNT, Strategy, Way
from tests.benchmarks.search.worlds import Numbers, World


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """How one search went.

    Attributes:
        case: The number of its case.
        distances: D / D0 after each grid by the metric that the person judges by, the start first.
        others: The same by the other metric.
        keys: The keys pressed until then.
    """

    case: int
    distances: tuple[float, ...]
    others: tuple[float, ...]
    keys: tuple[int, ...]


def play(
    world: World, kind: CaseSet, cases: Sequence[Case], strategy: Strategy, oracle: Oracle, grids: int
) -> list[Trace]:
    """Play searches, and return how each went.

    Args:
        world: The model.
        kind: The set of the cases.
        cases: What is searched for.
        strategy: What the person does.
        oracle: The person.
        grids: How many grids each search has.
    """
    numbers = [case.number for case in cases]
    targets = [case.target(world.shape) for case in cases]
    world.begin(kind, np.stack(targets).astype(np.float64), numbers)
    games = [begin_game(world, case, strategy, oracle) for case in cases]
    restart(world, games)
    rows = [[_scores(game)] for game in games]
    for grid in range(grids):
        if oracle.changes_mind and grid == grids // 2:
            targets = [case.second_target(world.shape) for case in cases]
            world.begin(kind, np.stack(targets).astype(np.float64), numbers)
            restart(world, games)
        if not grid and strategy.pool:
            for which, game in enumerate(games):
                game.session = with_varied_grid(game, which)
        play_grid(world, games)
        for game, row in zip(games, rows, strict=True):
            row.append(_scores(game))
    return [_trace(game, row) for game, row in zip(games, rows, strict=True)]


def restart(world: World, games: Sequence[Game]) -> None:
    """Compare the starts, and what people hold, with the targets."""
    roots = [Lineage(root=game.session.lineage.root) for game in games]
    for game, maps in zip(games, _rendered(world, games, [(root,) for root in roots]), strict=True):
        game.start = maps[0]
    for game, maps in zip(games, _rendered(world, games, [(game.session.lineage,) for game in games]), strict=True):
        game.held = maps[0]


def play_grid(world: World, games: Sequence[Game]) -> None:
    """Show each person a grid, and take in what they answer."""
    offers = [game.offer() for game in games]
    for game, offer, maps in zip(games, offers, _rendered(world, games, offers), strict=True):
        game.seen = dict(zip(map(game.key, offer), maps, strict=True))
    if games[0].strategy.way is Way.FIXED:
        for game in games:
            game.held = _best_ever(game)
            game.session = rerolled(game)
        return
    befores = [game.session for game in games]
    for game, offer in zip(games, offers, strict=True):
        game.told(game.session, _answered(game, offer))
    # What is put together from several candidates is a new picture; everything else has been seen.
    made = [
        (game.session.lineage,)
        if game.session.place.node != before.place.node and game.session.node.key not in game.seen
        else ()
        for game, before in zip(games, befores, strict=True)
    ]
    for game, before, maps in zip(games, befores, _rendered(world, games, made), strict=True):
        _looked_at(game, before, maps)


def _looked_at(game: Game, before: Session, made: Numbers) -> None:
    """Take in the new parent; made: the map of what was put together, none of them if nothing was."""
    if len(made):
        singles = [game.distance(maps) for maps in game.seen.values()]
        after, maps = game.session, made[0]
        if game.strategy.way_back:
            after, maps = worse_is_undone(game, maps, singles)
        game.session, game.held = after, maps
        if after.lineage.rounds[len(before.lineage.rounds) :] != game.picks[-1]:
            game.picks[-1] = after.lineage.rounds[len(before.lineage.rounds) :]
    else:
        game.held = game.seen.get(game.session.node.key, game.held)
    game.remember(game.session.lineage)


def _best_ever(game: Game) -> Numbers:
    """Return the map of the best picture so far, or now and then of any other that a random answer kept."""
    maps = list(game.seen.values())
    distances = [game.distance(each) for each in maps]
    held, start = game.distance(game.held), game.distance(game.start)
    marks = game.oracle.choose(distances, held, start, 1, game.luck)
    return maps[marks[0]] if marks else game.held


def _answered(game: Game, offer: Sequence[Lineage]) -> Session:
    if game.strategy.split is not Split.WHOLE:
        return _answered_by_region(game, offer)
    marks = _chosen(game, offer, "")
    guess = game.guess()
    if guess is not None and COUNT - 1 in marks:
        if marks[0] == COUNT - 1:
            game.keys += 1
            return jumped(game.session, guess)
        marks = tuple(mark for mark in marks if mark != COUNT - 1)
    # A digit picks at once.  To blend, the cursor moves to each (a step or two in a grid of 3 x 3) and Space marks it.
    game.keys += 1 if len(marks) < 2 else 3 * len(marks) + 1
    return tell(game.session, Picked(marks=marks) if marks else NoneBetter())


def _answered_by_region(game: Game, offer: Sequence[Lineage]) -> Session:
    """Answer for each region: a digit or `n`, `+` and a digit for a second candidate, and Enter at the end."""
    strategy, before = game.strategy, game.session
    height, width = game.world.shape[1:]
    regions = regions_of(strategy.split, width=width, height=height)
    answers = {region: _chosen(game, offer, region) for region in regions}
    game.keys += 1 + sum(1 + 2 * max(0, len(marks) - 1) for marks in answers.values())
    parts = tuple(RegionMarks(region=region, marks=marks) for region, marks in answers.items() if marks)
    after = tell(before, PickedByRegion(parts=parts, asked=len(regions)))
    if strategy.cap or strategy.few >= 0:
        after = _rescaled(strategy, before.scale, after, len(parts) / len(regions))
    return after


def _rescaled(strategy: Strategy, scale: float, after: Session, improved: float) -> Session:
    """Return the session with the scale of a rule that is tried in place of that of `engine.search`."""
    wanted = min(scale, strategy.cap or REGION_SCALE)
    few = strategy.few if strategy.few >= 0 else 0.5
    if improved < few or not improved:
        wanted *= strategy.shrink
    return tell(after, Rescaled(factor=wanted / after.scale))


def _chosen(game: Game, offer: Sequence[Lineage], region: str) -> Marks:
    distances = [game.distance(game.seen[game.key(lineage)], region) for lineage in offer]
    held, start = game.distance(game.held, region), game.distance(game.start, region)
    return game.oracle.choose(distances, held, start, game.strategy.marks, game.luck)


def _rendered(world: World, games: Sequence[Game], lineages: Sequence[Sequence[Lineage]]) -> list[Numbers]:
    """Render pictures of all games as one batch, and return the maps of each game, (N, 2, CELLS, CELLS)."""
    which = [at for at, some in enumerate(lineages) for _ in some]
    if not which:
        return [np.zeros((0, 2, 1, 1)) for _ in games]
    noise = [game.noise(lineage) for game, some in zip(games, lineages, strict=True) for lineage in some]
    maps = np.moveaxis(world.differences(np.stack(noise).astype(np.float64), which), 0, 1)
    return np.split(maps, np.cumsum([len(some) for some in lineages])[:-1])


def _scores(game: Game) -> tuple[float, float, int]:
    first = game.oracle.metric
    mine, other = (
        game.distance(game.held, metric=metric) / game.distance(game.start, metric=metric)
        for metric in (first, 1 - first)
    )
    return mine, other, game.keys


def _trace(game: Game, rows: Sequence[tuple[float, float, int]]) -> Trace:
    mine, others, keys = zip(*rows, strict=True)
    return Trace(case=game.case.number, distances=mine, others=others, keys=keys)
