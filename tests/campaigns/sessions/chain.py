"""A case: start, keys, a blow, start again: is all there?  Several times in one home directory, then a clean end."""

from __future__ import annotations

import json
import random
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.campaigns.sessions import processes, remains
from tests.campaigns.sessions.blows import QUIT, Blow
from tests.campaigns.sessions.keys import WINDOWS, anything, picks, sequences
from tests.campaigns.sessions.life import SECONDS_TO_END, Life
from tests.campaigns.sessions.witness import Witness, losses

_RESUMABLE = re.compile("resumes the last search")
OUTPUT = "terminal.txt"
"""The file in the home directory that holds what the apps wrote to their terminals."""
_PAUSES = (0.0, 0.0, 0.0, 0.01, 0.03, 0.06)
_AT_REST = 0.2
"""How often an app is at rest before the blow: it has to be at the very same grid then."""
_FAULTS = (b"Traceback", b"internal error")


def settle(home: Path) -> None:
    """Make the home directory of somebody who has read all hints."""
    state = home / ".local" / "state" / "warmer"
    state.mkdir(parents=True)
    (home / "tmp").mkdir()
    (state / "hints.json").write_text(json.dumps({"grids": 99}), "utf-8")


@dataclass(slots=True)
class Chain:
    """Lives of one person's sessions, one after the other.

    Attributes:
        home: The home directory.
        draw: It decides everything.
        renderer: One of `witnessed.RENDERERS`.
        faults: What was broken.
        maxima: The longest times.
        last: What was seen last of each session, by the name of its folder.
        keys: What was pressed after that, by the name of the folder.
    """

    home: Path
    draw: random.Random
    renderer: str
    faults: list[str] = field(default_factory=list)
    maxima: dict[str, float] = field(default_factory=dict)
    last: dict[str, Witness] = field(default_factory=dict)
    keys: dict[str, bytes] = field(default_factory=dict)

    def live(self, blow: Blow, *, is_senseless: bool = False, at_start: bool = False) -> None:
        """Start the app, go on where it was, press keys, and deal a blow.

        Args:
            blow: The blow.
            is_senseless: Press any keys instead of sequences that mean something.
            at_start: Deal the blow while the app starts, whatever it does then.
        """
        life = self._start(blow.has_shell)
        try:
            if at_start:
                life.read(self.draw.uniform(0.0, 1.0))
            elif self._has_begun(life):
                self._play(life, anything(self.draw, 120) if is_senseless else self._keys(), to_rest=is_senseless)
            self._strike(life, blow)
            if not blow.codes:
                self._go_on(life)
        finally:
            life.end()
        self._note(life)
        self._look()

    def _start(self, has_shell: bool) -> Life:
        words = [] if self._open else self._words()
        return Life(
            self.home,
            words,
            renderer=self.renderer,
            window=self.draw.choice(WINDOWS),
            graphics=self.draw.choice((0, 0, 1, 2)),
            has_shell=has_shell,
        )

    @property
    def _open(self) -> list[Witness]:
        """The sessions that can be continued, as far as they were seen."""
        return [seen for seen in self.last.values() if seen.has_answers]

    def _words(self) -> list[str]:
        words = ["--prompt", "a lake", "--seed", str(self.draw.randrange(2**32))]
        chances = (
            ("--draft", 0.2),
            ("--keep=all", 0.2),
            ("--first=plain", 0.5),
            ("--ahead=off", 0.5),
            ("--grid=2", 0.3),
        )
        return [*words, *(word for word, chance in chances if self.draw.random() < chance)]

    def _has_begun(self, life: Life) -> bool:
        """Wait for the first grid, resuming the last search where there is one; a fault where it does not come."""
        begun, has_session = time.monotonic(), bool(self._open)
        if has_session:
            while (
                not _RESUMABLE.search(life.text()) and not life.has_ended and time.monotonic() < begun + SECONDS_TO_END
            ):
                life.read(0.02)
            life.press(b"\r")
        if not life.wait_for_grid():
            self.faults.append(f"no grid came up{' again' if has_session else ''}: {life.text()}")
            return False
        self._longest("s until the grid", time.monotonic() - begun)
        life.read(0.35)  # digits do not count at the very start
        first = life.seen[0]
        seen = self.last.get(first.folder)
        if has_session and seen is None:
            self.faults.append(f"a different session was resumed: {first.folder}")
        return True

    def _keys(self) -> list[bytes]:
        """Return what is pressed: often nothing but picks, before anything was rendered after a restart."""
        if self.draw.random() < 0.3:
            return picks(self.draw, self.draw.randint(1, 5))
        return sequences(self.draw, self.draw.choice((1, 2, 3, 5, 8, 13)))

    def _play(self, life: Life, keys: list[bytes], *, to_rest: bool) -> None:
        for key in keys:
            life.press(key, self.draw.choice(_PAUSES))
            if life.has_ended:
                return
        if to_rest or self.draw.random() < _AT_REST:
            life.rest()
        life.read(self.draw.choice((0.0, self.draw.uniform(0.0, 0.05), self.draw.uniform(0.0, 0.4))))

    def _strike(self, life: Life, blow: Blow) -> None:
        begun = time.monotonic()
        if life.has_ended:
            self.faults.append(f"it had ended by itself: {life.text()}")
            return
        self.faults += blow.deal(life, self.home, self.draw)
        if not blow.codes:
            return
        code = life.wait_for_end()
        self._longest("s until the end", time.monotonic() - begun)
        if code is None:
            self.faults.append(f"it does not end: {life.text()}")
        elif code not in blow.codes:
            self.faults.append(f"it ended with the code {code}: {life.text()}")
        if blow.restores and code in blow.codes:
            self.faults += life.terminal_faults()

    def _go_on(self, life: Life) -> None:
        """Use an app that was only disturbed, and quit."""
        if not life.has_ended:
            count = len(life.seen)
            life.press(b"\x1b", 0.1)
            life.press(b"1", 0.05)
            life.wait_for_grid(count, seconds=2.0)
            life.rest()
        self._strike(life, QUIT)

    def _note(self, life: Life) -> None:
        """Keep what was seen last of each session, and look for what no program may write."""
        if any(words in life.written for words in _FAULTS):
            self.faults.append(f"it wrote: {life.text()}")
        with (self.home / OUTPUT).open("ab") as file:
            file.write(life.written)
        for seen in life.seen:
            before = self.last.get(seen.folder)
            if before is not None and seen is next(each for each in life.seen if each.folder == seen.folder):
                self._compare_screens(before, seen)
            self.last[seen.folder], self.keys[seen.folder] = seen, b""
        if life.seen:
            self.keys[life.seen[-1].folder] = life.keys

    def _compare_screens(self, before: Witness, first: Witness) -> None:
        """Compare the first grid after a restart with the last one before."""
        way = (*first.past, first.place, *first.future)
        if before.has_answers and before.place not in way and not self.keys[before.folder]:
            self.faults.append(f"after the restart, pick {first.picks} is on the screen; pick {before.picks} was")

    def _look(self) -> None:
        """Look for what the app has lost or left behind; what is lost is told once."""
        self.faults += processes.orphans(self.home)
        for name, seen in [(name, seen) for name, seen in self.last.items() if seen.has_answers]:
            journals = remains.journals_of(self.home / "Pictures" / "warmer" / name)
            lost = [f"pick {seen.picks} is lost: there is no journal that can be read"]
            if journals:
                lost = losses(seen, journals[0].session, self.keys[name])
            if lost:
                self.faults += [f"{name}: {loss}" for loss in lost]
                del self.last[name]

    def finish(self) -> None:
        """Go on once more, end cleanly, and look at all that is on the disk."""
        life = self._start(has_shell=False)
        try:
            if self._has_begun(life):
                self._go_on(life)
        finally:
            life.end()
        self._note(life)
        self._look()
        remains.settle_folders(self.home, but={seen.folder for seen in life.seen})
        self.faults += remains.leftovers(self.home)
        self.faults += remains.broken_pictures(self.home)
        self.faults += remains.inconsistencies(self.home)

    def _longest(self, name: str, seconds: float) -> None:
        self.maxima[name] = max(seconds, self.maxima.get(name, 0.0))
