"""Which runs the benchmark consists of."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.benchmarks.search.oracles import BY_COLOUR, DULL, ERRING, EXACT, FICKLE, Oracle
from tests.benchmarks.search.strategies import (
    BEST_QUARTERS,
    BISECT,
    DEFAULT,
    FRESH,
    GUESS,
    HALVES,
    NO_WAY_BACK,
    QUARTERS,
    SINGLE,
    STRATEGIES,
    TILTED,
    TILTED_QUARTERS,
    VARIED,
    Strategy,
    a1111,
)
from tests.benchmarks.search.worlds import analytic_worlds

EMBEDDED = "embedded"
GRIDS = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """One table.

    Attributes:
        world: The name of the world.
        cosine: The correlation between start and target.
        strategies: The rows.
        oracle: The person.
        count: How many cases.
        grids: How many grids.
    """

    world: str
    cosine: float
    strategies: tuple[Strategy, ...]
    oracle: Oracle = EXACT
    count: int = 12
    grids: int = GRIDS


A1111 = a1111(0.3)
MAIN = Section(
    world=EMBEDDED,
    cosine=0.5,
    strategies=(BISECT, A1111, DEFAULT, BEST_QUARTERS, QUARTERS),
)
ERRORS = Section(
    world=EMBEDDED,
    cosine=0.5,
    strategies=(A1111, DEFAULT, BEST_QUARTERS, QUARTERS),
    oracle=ERRING,
    grids=10,
)
FROM_SEED = Section(world=EMBEDDED, cosine=0.0, strategies=(BISECT, DEFAULT, QUARTERS, VARIED), grids=10)
_SHORT = (BISECT, DEFAULT, QUARTERS)
MORE = (
    replace(MAIN, strategies=(DEFAULT, TILTED, SINGLE, HALVES, TILTED_QUARTERS, NO_WAY_BACK, GUESS), grids=10),
    replace(MAIN, strategies=(a1111(0.2), A1111, a1111(0.5), FRESH), grids=10),
    Section(world=EMBEDDED, cosine=0.8, strategies=_SHORT, grids=10),
    *(
        Section(world=EMBEDDED, cosine=0.5, strategies=_SHORT, oracle=oracle, grids=10)
        for oracle in (DULL, FICKLE, BY_COLOUR)
    ),
)


def analytic(count: int, cosines: tuple[float, ...] = (0.0, 0.5, 0.8)) -> tuple[Section, ...]:
    """Return the tables of the analytic worlds."""
    return tuple(
        Section(world=world, cosine=cosine, strategies=STRATEGIES, count=count)
        for world in analytic_worlds()
        for cosine in cosines
    )


def full() -> tuple[Section, ...]:
    """Return the tables of a normal run."""
    return (MAIN, ERRORS, FROM_SEED, *analytic(16, (0.5,)))


def everything() -> tuple[Section, ...]:
    """Return all tables."""
    return (MAIN, ERRORS, FROM_SEED, *MORE, *analytic(16))


def quick() -> tuple[Section, ...]:
    """Return tables that take about a minute: few cases and grids, which show the order and no more."""
    short = replace(MAIN, strategies=(BISECT, DEFAULT, QUARTERS), count=4, grids=5)
    return (short, *analytic(8, (0.5,)))


def tuning() -> tuple[Section, ...]:
    """Return what the constants of picking by region are chosen by; the cases are those for tuning."""
    scales = [replace(QUARTERS, name=f"first scale {scale:g}", scale=scale) for scale in (0.35, 0.5, 0.8)]
    caps = [replace(QUARTERS, name=f"later scales at most {cap:g}", cap=cap) for cap in (0.35, 0.7)]
    rules = [
        replace(QUARTERS, name="halve only when no region improved", few=0.0),
        replace(QUARTERS, name="halve below 3 of 4", few=0.75),
        replace(QUARTERS, name="times .7 below half", few=0.5, shrink=0.7),
        replace(QUARTERS, name="times .7 below 3 of 4", few=0.75, shrink=0.7),
    ]
    same = replace(MAIN, count=10, grids=10)
    return (
        replace(same, strategies=(BISECT, DEFAULT, QUARTERS, *scales, *caps, *rules)),
        replace(same, cosine=0.0, strategies=(BISECT, DEFAULT, QUARTERS, *caps)),
    )
