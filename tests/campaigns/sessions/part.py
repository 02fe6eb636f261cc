"""Kills, signals and closed windows at random moments of a session: what was on the screen is there after a restart."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.campaigns.attack.part import Outcome, Part, Room
from tests.campaigns.sessions import remains
from tests.campaigns.sessions.blows import BLOWS, QUIT
from tests.campaigns.sessions.chain import Chain, settle
from tests.campaigns.sessions.commands import COMMANDS, Commands, prepare
from tests.campaigns.sessions.two_apps import try_two

CASES = 1100
_EVERY_EMBEDDED = 11
"""One case of so many renders with the model that ships; it takes ten times as long."""
_START, _RANDOM, _TWO = "killed at the start", "random keys", "two apps in one folder"
_WITH_SESSIONS = (*BLOWS, _START, _RANDOM)
_KINDS = (*_WITH_SESSIONS, _TWO, *COMMANDS)
_MAX_LIVES = 3
"""Blows of a case, one after the other; the first cases have one."""
_QUICK = (60, 105, 15)
"""The cases of a short run: killed and resumed three times, hung up and resumed twice, and two apps in one folder."""


@dataclass(frozen=True)
class Sessions:
    """The attack.

    Attributes:
        room: Where it works.
    """

    room: Room

    @cached_property
    def _commands(self) -> Commands:
        return prepare(self.room.scratch)

    def __call__(self, number: int) -> Outcome:
        """Try a case; the number decides the kind of blow, the renderer and every key."""
        if self.room.is_quick:
            number = _QUICK[number]
        draw = random.Random(f"sessions {number}")
        is_embedded = number % _EVERY_EMBEDDED == _EVERY_EMBEDDED - 1
        kinds = _WITH_SESSIONS if is_embedded else _KINDS
        kind = kinds[(number // _EVERY_EMBEDDED if is_embedded else number) % len(kinds)]
        home, before, maxima = self.room.scratch / f"case-{number}", remains.shared_memory(), {}
        if kind in COMMANDS:
            found = self._commands.try_one(home, draw, kind)
        elif kind == _TWO:
            settle(home)
            found = try_two(home, draw, draw.choice(("thread", "process")))
        else:
            settle(home)
            chain = Chain(home=home, draw=draw, renderer="embedded" if is_embedded else _renderer(kind, draw))
            _live(chain, kind, 1 if is_embedded or number < len(_KINDS) else draw.randint(1, _MAX_LIVES))
            found, maxima = chain.faults, chain.maxima
        found += remains.forgotten_in(remains.shared_memory() - before)
        self._keep_or_remove(home, bool(found))
        name = f"warmer {kind} killed" if kind in COMMANDS else f"{kind}, embedded model" if is_embedded else kind
        return Outcome(kind=name, faults=tuple(f"case {number}: {fault}" for fault in found), maxima=maxima)

    def _keep_or_remove(self, home: Path, is_broken: bool) -> None:
        if is_broken:
            shutil.rmtree(self.room.kept / home.name, ignore_errors=True)
            shutil.copytree(home, self.room.kept / home.name, symlinks=True)
        shutil.rmtree(home)


def _live(chain: Chain, kind: str, lives: int) -> None:
    """Live through so many blows of a kind, and then look at everything."""
    for _ in range(lives):
        blow = BLOWS.get(kind, QUIT if kind == _RANDOM else BLOWS["app killed"])
        chain.live(blow, is_senseless=kind == _RANDOM, at_start=kind == _START)
    chain.finish()


def _renderer(kind: str, draw: random.Random) -> str:
    """Return what renders: a worker that is killed has to be a process."""
    return draw.choice(("process", "slow process") if "worker" in kind else ("thread", "process", "slow process"))


@contextmanager
def begin(room: Room) -> Iterator[Sessions]:
    """Import everything once; each app is forked from this process."""
    os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")  # Textual reads it when it is imported
    import tui.app.app  # noqa: F401 (for the processes that are forked)

    yield Sessions(room)


PART = Part(begin=begin, cases=CASES, quick_cases=len(_QUICK))
