"""One simulated search: its session, the noise of its pictures, and how far they are from what is wanted."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random

import numpy as np
from numpy.typing import NDArray

from engine.search.answers import Jumped, NoneBetter, PickedAlone, Rerolled, Rescaled, Undone
from engine.search.session import Session, ask, begin, is_combined, star, tell
from latentpng.identity import Key, child_picture_key
from latentpng.noise.perturbation import perturb
from latentpng.record import Lineage, Round
from latentpng.shapes import octaves
from tests.benchmarks.search.cases import Case, Noise
from tests.benchmarks.search.oracles import Oracle
from tests.benchmarks.search.strategies import COUNT, Strategy
from tests.benchmarks.search.worlds import AXES, CELLS, Numbers, World
from tests.support.latentpng.masks import is_in

_REMEMBERED = 3
"""Grids whose picks "my guess" follows."""
_FADING = 0.7
"""What a pick counts for the guess after each later grid."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """A picture whose noise is known.

    Attributes:
        rounds: The rounds of its lineage.
        key: Its key in the tree of the search.
        noise: Its initial noise.
    """

    rounds: tuple[Round, ...]
    key: Key
    noise: Noise


@dataclass(kw_only=True, slots=True)
class Game:
    """One search.

    Attributes:
        case: What is searched for.
        session: Where it stands.
        start: The map of differences of the start; maps are (2, CELLS, CELLS).
        held: That of the picture that the person holds now.
        seen: The maps of the pictures of the present grid, by the keys of their lineages.
        keys: The keys pressed so far.
        known: The parents so far; the first one is the root.
        picks: The rounds of the picks of the last grids; () for a grid without one.
    """

    case: Case
    world: World
    strategy: Strategy
    oracle: Oracle
    session: Session
    start: Numbers
    held: Numbers
    luck: Random
    known: list[Known]
    seen: dict[Key, Numbers] = field(default_factory=dict)
    keys: int = 0
    picks: list[tuple[Round, ...]] = field(default_factory=list)

    def noise(self, lineage: Lineage) -> Noise:
        """Return the initial noise of a lineage: that of its nearest known ancestor, moved on by the algebra."""
        known, rounds = self._ancestor(lineage)
        noise = known.noise
        for round_ in rounds:
            noise = perturb(noise, round_, AXES)
        return noise

    def key(self, lineage: Lineage) -> Key:
        """Return what tells the picture of a lineage from the other pictures of the search, as in its tree."""
        known, rounds = self._ancestor(lineage)
        return functools.reduce(child_picture_key, rounds, known.key)

    def remember(self, lineage: Lineage) -> None:
        """Keep the noise of a parent."""
        self.known.append(Known(rounds=lineage.rounds, key=self.key(lineage), noise=self.noise(lineage)))

    def _ancestor(self, lineage: Lineage) -> tuple[Known, tuple[Round, ...]]:
        """Return the nearest known ancestor of a picture, and the rounds that lead from it."""
        rounds = lineage.rounds
        known = next(known for known in reversed(self.known) if rounds[: len(known.rounds)] == known.rounds)
        return known, rounds[len(known.rounds) :]

    def distance(self, maps: Numbers, region: str = "", metric: int = -1) -> float:
        """Return the distance to what is wanted.

        Args:
            maps: The map of a picture.
            region: The mask of a part of the picture; "" for all of it.
            metric: 0 or 1; -1 for the one that the person judges by.
        """
        metric = self.oracle.metric if metric < 0 else metric
        return float(maps[metric][_inside(region)].mean() ** self.world.powers[metric])

    def offer(self) -> tuple[Lineage, ...]:
        """Return the candidates on offer."""
        candidates = ask(self.session).candidates
        guess = self.guess()
        return (*candidates[:-1], guess) if guess is not None else candidates

    # Candidates of a grid sum to zero, so only picks carry information, and the mean of a local belief is the parent
    # moved on along what was picked last: the same rounds again, at scales that fade and share one step among them.
    def guess(self) -> Lineage | None:
        """Return "my guess"; None when there is nothing to guess from."""
        if not self.strategy.guess or not any(self.picks):
            return None
        lineage = self.session.lineage
        for age, rounds in enumerate(reversed(self.picks)):
            for round_ in rounds:
                scale = round_.scale * _FADING**age / _REMEMBERED**0.5
                lineage = lineage.child(replace(round_, scale=scale))
        return lineage

    def told(self, before: Session, after: Session) -> None:
        """Take in the session after an answer."""
        rounds = after.lineage.rounds[len(before.lineage.rounds) :]
        self.picks = [*self.picks, rounds][-_REMEMBERED:]
        self.session = after


@functools.cache
def _inside(region: str) -> NDArray[np.bool_]:
    """Return which cells of a map lie in a region: (CELLS, CELLS)."""
    middles = [(at + 0.5) / CELLS for at in range(CELLS)]
    return np.array([[is_in(region, x, y) for x in middles] for y in middles])


def begin_game(world: World, case: Case, strategy: Strategy, oracle: Oracle) -> Game:
    """Return a search that has not begun; the maps of its start are still to be found."""
    lineage, noise = case.root(world.shape)
    levels = octaves(world.shape, AXES)
    session = begin(
        lineage,
        seed=case.proposal_seed,
        octaves=levels,
        scale=strategy.scale or world.scale,
        count=COUNT,
        bands=strategy.bands,
        mode=strategy.mode,
    )
    return Game(
        case=case,
        world=world,
        strategy=strategy,
        oracle=oracle,
        session=session,
        start=np.zeros((2, CELLS, CELLS)),
        held=np.zeros((2, CELLS, CELLS)),
        luck=Random(case.choice_seed),
        known=[Known(rounds=(), key=session.node.key, noise=noise)],
        keys=strategy.cycles,
    )


def with_varied_grid(game: Game, which: int) -> Session:
    """Return the session whose first grid shows those of a larger round that differ most; which: its target's index."""
    session = game.session
    template = replace(session.template, of=game.strategy.pool)
    every = replace(session, place=replace(session.place, template=template))
    noise = np.stack([game.noise(lineage) for lineage in ask(every).candidates]).astype(np.float64)
    return replace(every, place=replace(every.place, offered=game.world.diverse(noise, which, COUNT)))


def jumped(session: Session, lineage: Lineage) -> Session:
    """Return the session at a picture that is no candidate of its grid, with the scale that it had."""
    starred = star(session, lineage)
    after = tell(starred, Jumped(node=starred.tree.children(session.place.node)[-1]))
    return tell(after, Rescaled(factor=session.scale / after.scale))


def worse_is_undone(game: Game, maps: Numbers, singles: Sequence[float]) -> tuple[Session, Numbers]:
    """Return the session, and the map of its parent, after a look at what several candidates were put together to.

    Args:
        game: The search, after the pick.
        maps: The map of the new parent.
        singles: The distances of the single candidates.
    """
    least = game.oracle.noticeable * game.distance(game.start)
    found, old = game.distance(maps), game.distance(game.held)
    alone = tell(game.session, PickedAlone()) if is_combined(game.session) else game.session
    single = game.distance(game.seen[alone.node.key]) if alone.node.key in game.seen else min(singles)
    if found <= min(single, old) + least:
        return game.session, maps
    if single < old - least and alone.node.key in game.seen:
        game.keys += 1
        return alone, game.seen[alone.node.key]
    if found > old + least:
        game.keys += 2
        return tell(tell(game.session, Undone()), NoneBetter()), game.held
    return game.session, maps


def rerolled(game: Game) -> Session:
    """Return the session with new candidates of the same parent."""
    game.keys += 1
    return tell(game.session, Rerolled())
