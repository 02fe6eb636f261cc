"""Two apps search in one folder at the same time, and one of them is killed: each finds what it has picked."""

from __future__ import annotations

import random
from pathlib import Path

from tests.campaigns.sessions import processes, remains
from tests.campaigns.sessions.blows import BLOWS, QUIT
from tests.campaigns.sessions.keys import picks
from tests.campaigns.sessions.life import Life
from tests.campaigns.sessions.witness import losses

_FOLDER = "shared"
_ENDS = ("app killed", "SIGTERM", "SIGHUP")


def try_two(home: Path, draw: random.Random, renderer: str) -> list[str]:
    """Let two apps pick into one folder, end one of them by a signal and the other by its key.

    Args:
        home: The home directory of both.
        draw: It decides everything.
        renderer: One of `witnessed.RENDERERS`.

    Returns:
        What was broken.
    """
    words = ["--prompt", "a lake", "--seed", str(draw.randrange(3)), "--first=plain", "--out", str(home / _FOLDER)]
    lives = [Life(home, words, renderer=renderer) for _ in range(2)]
    found: list[str] = []
    try:
        for life in lives:
            if not life.wait_for_grid():
                found.append(f"no grid came up: {life.text()}")
        lives[1].read(0.35)  # digits do not count at the very start
        for key in picks(draw, draw.randint(2, 12)):
            life, other = draw.sample(lives, 2)
            life.press(key, draw.uniform(0.0, 0.1))
            other.read(0.0)
        for life, name in zip(lives, (draw.choice(_ENDS), ""), strict=True):
            blow = BLOWS[name] if name else QUIT
            found += blow.deal(life, home, draw)
            if life.wait_for_end() not in blow.codes:
                found.append(f"it does not end as it should on {name or 'its key'}: {life.text()}")
    finally:
        for life in lives:
            life.end()
    found += processes.orphans(home)
    for number, life in enumerate(lives):
        found += [f"app {number}: {loss}" for loss in _losses(life, home / _FOLDER)]
    return [*found, *remains.strangers(home / _FOLDER), *remains.broken_pictures(home)]


def _losses(life: Life, folder: Path) -> list[str]:
    """Return what the journal that fits best to what was seen lacks."""
    if not life.seen or not life.seen[-1].has_answers:
        return []
    journals = remains.journals_of(folder)
    found = [losses(life.seen[-1], journal.session, life.keys) for journal in journals]
    return min(found, key=len, default=[f"pick {life.seen[-1].picks} is lost: there is no journal"])
