"""Kills, signals and closed windows at random moments of a session: what was on the screen is there after a restart."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.campaigns.attack.part import Outcome, Part, Room
from tests.campaigns.sessions import remains
from tests.campaigns.sessions.blows import BLOWS, QUIT
from tests.campaigns.sessions.chain import Chain

CASES = 1100
_EVERY_EMBEDDED = 11
"""One case of so many renders with the model that ships; it takes ten times as long."""
_KINDS = (*BLOWS, "killed at the start", "random keys")
_MAX_LIVES = 3


@dataclass(frozen=True, slots=True)
class Sessions:
    """The attack."""

    room: Room

    def __call__(self, number: int) -> Outcome:
        """Try a chain of lives; the number decides the kind of blow, the renderer and every key."""
        draw = random.Random(f"sessions {number}")
        is_embedded = number % _EVERY_EMBEDDED == _EVERY_EMBEDDED - 1 and not self.room.is_quick
        kind = _KINDS[(number // _EVERY_EMBEDDED if is_embedded else number) % len(_KINDS)]
        home = self.room.scratch / f"case-{number}"
        chain = Chain(home=home, draw=draw, renderer="embedded" if is_embedded else _renderer(kind, draw))
        before = remains.shared_memory()
        chain.prepare()
        for _ in range(1 if is_embedded else draw.randint(1, _MAX_LIVES)):
            blow = BLOWS.get(kind, QUIT if kind == "random keys" else BLOWS["app killed"])
            chain.live(blow, is_senseless=kind == "random keys", at_start=kind == "killed at the start")
        chain.finish()
        chain.faults += remains.forgotten_in(remains.shared_memory() - before)
        self._keep_or_remove(home, bool(chain.faults))
        faults = tuple(f"case {number}: {fault}" for fault in chain.faults)
        name = f"{kind}, embedded model" if is_embedded else kind
        return Outcome(kind=name, faults=faults, maxima=chain.maxima)

    def _keep_or_remove(self, home: Path, is_broken: bool) -> None:
        if is_broken:
            shutil.rmtree(self.room.kept / home.name, ignore_errors=True)
            shutil.copytree(home, self.room.kept / home.name, symlinks=True)
        shutil.rmtree(home)


def _renderer(kind: str, draw: random.Random) -> str:
    """Return what renders: a worker that is killed has to be a process."""
    return draw.choice(("process", "slow process") if "worker" in kind else ("thread", "process", "slow process"))


@contextmanager
def begin(room: Room) -> Iterator[Sessions]:
    """Import everything once; each app is forked from this process."""
    os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")  # Textual reads it when it is imported
    import tui.app.app  # noqa: F401 (for the processes that are forked)

    yield Sessions(room)


PART = Part(begin=begin, cases=CASES, quick_cases=8)
