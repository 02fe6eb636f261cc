"""A terminal that stops reading in the middle of a search, and what becomes of it."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import time
from pathlib import Path
from typing import Final

import psutil

from tests.campaigns.attack.part import Outcome
from tests.campaigns.sessions import processes, remains
from tests.campaigns.sessions.life import Life
from tests.campaigns.terminals.screen import Screen
from tui.graphics import service

MODES: Final = {"kitty": 1, "sixel": 2, "octant": 0, "sextant": 0, "quadrant": 0, "halfcell": 0}
"""The ways to draw pictures, each with the terminal that `Life` plays for it."""
ENDS: Final = ("SIGTERM", "reads again", "SIGHUP", "closed window", "SIGINT", "quits by key")
_SECONDS: Final = {True: (2.0,), False: (10.0, 20.0, 60.0)}
_SECONDS_TO_END: Final = 60.0
"""For what never happens when it fails: it is long, because a loaded machine is slow."""
_MAX_PICKS: Final = 60
"""In one stall: each grid is kept for undo, so that memory grows by it, reader or not."""
_IDLE_LOOKS: Final = 20
_LOOK_SECONDS: Final = 0.02
_MAX_GROWTH_MIB: Final = 64
_QUIT: Final = b"\x03"


def stall(number: int, home: Path, *, is_quick: bool) -> Outcome:
    """Search, stop reading while picking on, and end in one of the ways."""
    draw = random.Random(f"stalls {number}")
    mode = list(MODES)[number % len(MODES)]
    end = ENDS[(number + number // len(MODES)) % len(ENDS)]
    prepare(home)
    words = [
        "--prompt",
        "a lake",
        "--seed",
        str(number),
        "--graphics",
        mode,
        "--ahead",
        "off",
        "--out",
        str(home / "out"),
    ]
    life = Life(home, words, renderer="process", graphics=MODES[mode], adapt=_refine_nothing)
    trial = _Trial(life, home)
    try:
        if not life.wait_for_grid(seconds=_SECONDS_TO_END):
            return Outcome(kind=f"unread, {end}", faults=(f"case {number}: no grid came up: {life.text()}",))
        life.read(0.4)
        trial.stop_reading(draw.choice(_SECONDS[is_quick]))
        trial.end(end)
    finally:
        life.end()
    trial.faults += processes.orphans(home) + remains.broken_pictures(home)
    faults = tuple(f"case {number} ({mode}): {fault}" for fault in trial.faults)
    return Outcome(kind=f"unread, {end}", faults=faults, maxima=trial.maxima)


def _refine_nothing() -> None:
    """Send no picture a second time in more colours: when that happens depends on how fast the terminal was."""
    setattr(service, "REFINE_SECONDS", 3600.0)  # noqa: B010 (the program has no other way in)


def prepare(home: Path) -> None:
    """Make the home directory of somebody who has read all hints."""
    state = home / ".local" / "state" / "warmer"
    state.mkdir(parents=True)
    (home / "tmp").mkdir()
    (state / "hints.json").write_text(json.dumps({"grids": 99}), "utf-8")


def picks_in(folder: Path) -> int:
    """Return how many rounds the journal of a folder has."""
    found = remains.journals_of(folder)
    return len(found[0].session.lineage.rounds) if found else -1


class _Trial:
    """One run, and what was broken."""

    def __init__(self, life: Life, home: Path) -> None:
        self.life, self.home = life, home
        self.faults: list[str] = []
        self.maxima: dict[str, float] = {}
        self._picks = 0

    def stop_reading(self, seconds: float) -> None:
        """Pick on for some time without reading what is painted: each pick has to reach the disk."""
        program = psutil.Process(self.life.pid)
        before = program.memory_info().rss
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.faults:
            if self._picks >= _MAX_PICKS:
                self._longest("MiB grown", (program.memory_info().rss - before) / 2**20)
                time.sleep(_LOOK_SECONDS)
                continue
            os.write(self.life.terminal.fd, b"2")
            pressed = time.monotonic()
            while (picks := picks_in(self.home / "out")) <= self._picks:
                if time.monotonic() > pressed + _SECONDS_TO_END:
                    self.faults.append(f"a pick is not on the disk after {_SECONDS_TO_END:g} s without a reader")
                    return
                time.sleep(_LOOK_SECONDS)
            self._longest("s until a pick is on the disk", time.monotonic() - pressed)
            self._picks = picks
            growth = (program.memory_info().rss - before) / 2**20
            self._longest("MiB grown", growth)
        if self.maxima.get("MiB grown", 0) > _MAX_GROWTH_MIB:
            self.faults.append(f"it has grown by {self.maxima['MiB grown']:.0f} MiB")

    def end(self, how: str) -> None:
        """End in one of the ways, and look at what is left."""
        life = self.life
        if how == "reads again":
            self._read_again()
        begun = time.monotonic()
        if how.startswith("SIG"):
            os.kill(life.pid, getattr(signal, how))
        elif how == "closed window":
            os.close(life.terminal.fd)
            life.terminal.fd = os.open(os.devnull, os.O_RDWR)
        else:
            os.write(life.terminal.fd, _QUIT)
        while not life.has_ended and time.monotonic() < begun + _SECONDS_TO_END:
            life.read(0.01) if how == "reads again" else time.sleep(0.01)
        self._longest("s to end", time.monotonic() - begun)
        code = life.wait_for_end(0.0)
        if code not in ((129,) if how == "closed window" else (0,)):
            self.faults.append(f"it ended with {code}" if life.has_ended else f"it did not end: {life.text()}")
        if how != "closed window" and life.has_ended:
            with contextlib.suppress(OSError):
                life.read(0.05)
            self.faults += life.terminal_faults()
        if picks_in(self.home / "out") < self._picks:
            self.faults.append(f"{self._picks} picks were on the disk, {picks_in(self.home / 'out')} are")

    def _read_again(self) -> None:
        """Read what was held back: the screen has to be what it is after everything was painted anew."""
        life, screen = self.life, Screen()
        self._read_until_idle()
        screen.write(bytes(life.written))
        shown, pictures = screen.text(), screen.pictures()
        os.kill(life.pid, signal.SIGCONT)
        begun = len(life.written)
        self._read_until_idle()
        again = Screen()
        again.write(bytes(life.written[begun:]))
        if not again.text() or shown != again.text():
            lines = [pair for pair in zip(shown, again.text(), strict=False) if pair[0] != pair[1]]
            self.faults.append(f"the screen is not whole when the terminal reads again: {lines[:4]}")
        if {name: pictures.get(name) for name in again.pictures()} != again.pictures():
            wrong = [place for place, data in again.pictures().items() if pictures.get(place) != data]
            lost = [place for place in wrong if place not in pictures]
            self.faults.append(f"when the terminal reads again, pictures are missing: {lost}, or others: {wrong}")
        if screen.odd:
            self.faults.append(f"half an escape sequence was written: {screen.odd[0]!r}")

    def _read_until_idle(self) -> None:
        """Read until the app and its worker sleep whenever they are looked at, which no load of the machine hides."""
        program, end = psutil.Process(self.life.pid), time.monotonic() + _SECONDS_TO_END
        looks = 0
        while looks < _IDLE_LOOKS and time.monotonic() < end:
            before = len(self.life.written)
            self.life.read(0.05)
            works = any(processes.is_busy(each.pid) for each in (program, *program.children(recursive=True)))
            looks = 0 if works or len(self.life.written) > before else looks + 1

    def _longest(self, name: str, value: float) -> None:
        self.maxima[name] = max(value, self.maxima.get(name, 0.0))
