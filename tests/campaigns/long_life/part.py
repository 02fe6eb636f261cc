"""Long life: sessions of hundreds of rounds, thousands of sessions, a day of idling, and damaged files of state.

Most cases damage one file of state; from time to time one lives a long life.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from tests.campaigns.attack.part import Attack, Outcome, Part, Room
from tests.campaigns.long_life.lives import idling, long_session, many_sessions
from tests.campaigns.long_life.states import States

_LIVES_EVERY = 500


@contextmanager
def _begin(room: Room) -> Iterator[Attack]:
    states = States(room.scratch / "states")
    lives = room.scratch / "life"

    def attack(number: int) -> Outcome:
        """Try the case of a number."""
        kind, is_life = number % _LIVES_EVERY, number % _LIVES_EVERY < 3
        if not is_life:
            return states.attack(number, room.kept)
        shutil.rmtree(lives, ignore_errors=True)
        lives.mkdir()
        if kind == 0:
            return long_session(lives, 40 if room.is_quick else 500, number)
        if kind == 1:
            return many_sessions(lives, *((200, 300) if room.is_quick else (3_000, 10_000)))
        return idling(lives, number)

    yield attack


PART = Part(begin=_begin, cases=20_000, quick_cases=60)
