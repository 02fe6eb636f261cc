"""The keys that pick by region, one by one."""

from __future__ import annotations

from engine.search.regions import Split
from tests.support.tui.driving import Driver
from tests.support.tui.key_scripts import picked
from tests.support.tui.key_steps import Before, Holds, Step, step
from tui.app.screens.search import SearchScreen

S = SearchScreen


def asks(split: Split, *answers: tuple[int, ...], adding: bool = False) -> Holds:
    """These regions ask, these candidates were chosen in the first of them, and the grid is not answered."""
    return lambda now, before: (
        now.search.session == before.session
        and now.screen.pick.split is split
        and now.screen.pick.answers == answers
        and now.screen.pick.is_adding == adding
    )


def picked_by_region(now: Driver, before: Before) -> bool:
    """Two candidates are the parent, blended in the left half."""
    round_ = now.search.session.lineage.rounds[-1]
    return (round_.region, round_.marks) == ("10", (1, 2)) and now.search.session.past[-1] == before.search.place


def picked_alone(now: Driver, before: Before) -> bool:
    """The first of them is the parent as a whole."""
    (round_,) = now.search.session.lineage.rounds
    return (round_.region, round_.marks) == ("", (1,)) and now.search.session.past[-1] == before.search.place


REGIONS: tuple[Step, ...] = (
    step(S, "x", asks(Split.HALVES)),
    step(S, "x", asks(Split.QUARTERS)),
    step(S, "3", asks(Split.QUARTERS, (2,))),
    step(S, "space", asks(Split.QUARTERS, (2,), ())),
    step(S, "n", asks(Split.QUARTERS, (2,), (), ())),
    step(S, "backspace", asks(Split.QUARTERS, (2,), ())),
    step(S, "escape", asks(Split.WHOLE)),
    step(S, "x", asks(Split.HALVES)),
    step(S, "2", asks(Split.HALVES, (1,))),
    step(S, "plus", asks(Split.HALVES, (1,), adding=True)),
    step(S, "equals_sign", asks(Split.HALVES, (1,))),
    step(S, "plus", asks(Split.HALVES, (1,), adding=True)),
    step(S, "3", asks(Split.HALVES, (1, 2))),
    step(S, "enter", picked_by_region),
    step(S, "w", picked_alone),
    step(S, ("x", "x"), asks(Split.WHOLE)),
    step(S, "1", picked(0)),
)
