"""Full, failing and shared disks: every call of every write fails once, or from then on; programs share a folder."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from tests.campaigns.attack.part import Attack, Outcome, Part, Room
from tests.campaigns.disk.acts import ACTS, prepare
from tests.campaigns.disk.faults import Faults
from tests.campaigns.disk.programs import SMALL_DISKS, programs_at_once, small_disk

REASONS = (errno.ENOSPC, errno.EIO, errno.EROFS, errno.ENOENT, errno.EDQUOT)
_SHARED = [(count, bare, new) for count in (2, 4) for bare in (False, True) for new in (False, True)]
_OTHERS = len(_SHARED) + len(SMALL_DISKS)
_EACH = 60  # of so many cases, the last ones are those with programs and real disks


class Disk:
    """Tries one case after the other, each in an empty folder."""

    def __init__(self, room: Room, state: Path) -> None:
        """Make the files that acts begin with.

        Args:
            room: Where the part works.
            state: The folder for what programs remember.
        """
        self._room, self._state = room, state
        self._start = room.scratch / "start"
        self._start.mkdir()
        prepare(self._start)
        self._calls: dict[str, int] = {}

    def __call__(self, number: int) -> Outcome:
        """Try a case."""
        folder = self._room.scratch / "case"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self._start, folder)
        turn, place = divmod(number, _EACH)
        if place >= _EACH - 2:
            return self._other(folder, 2 * turn + place - (_EACH - 2), number)
        return self._failing(folder, turn * (_EACH - 2) + place, number)

    def _failing(self, folder: Path, number: int, case: int) -> Outcome:
        turn, index = divmod(number, len(ACTS))
        name, act = list(ACTS.items())[index]
        lasts = name == "a session without room" or turn % 3 == 2
        at = turn * 7919 % self._calls_of(name)
        faults = Faults(folder, at=at, reason=REASONS[turn % len(REASONS)], lasts=lasts)
        with faults.in_force():
            broken = list(act(folder, faults))
        where = faults.failed[0] if faults.failed else "nothing"
        words = f"case {case}: {errno.errorcode[REASONS[turn % len(REASONS)]]} at call {at} ({where})"
        return Outcome(kind=name, faults=tuple(f"{words}{' and on' if lasts else ''}: {each}" for each in broken))

    def _calls_of(self, name: str) -> int:
        """Return how many calls an act makes when none of them fails."""
        if name not in self._calls:
            folder = self._room.scratch / "count"
            shutil.copytree(self._start, folder)
            faults = Faults(folder)
            with faults.in_force():
                broken = list(ACTS[name](folder, faults))
            shutil.rmtree(folder)
            if broken:
                raise AssertionError(f"{name} breaks promises on a good disk: {broken}")
            self._calls[name] = len(faults.calls)
        return self._calls[name]

    def _other(self, folder: Path, number: int, case: int) -> Outcome:
        number %= _OTHERS
        if number < len(_SHARED):
            count, is_bare, is_new = _SHARED[number]
            broken = list(programs_at_once(folder, count, is_bare=is_bare, is_new=is_new))
            links = "without links and locks" if is_bare else "with links"
            return Outcome(
                kind=f"{count} programs at once, {'new folders' if is_new else 'one folder'}, {links}",
                faults=tuple(f"case {case}: {each}" for each in broken),
            )
        name = list(SMALL_DISKS)[number - len(_SHARED)]
        broken, missing = small_disk(folder, name)
        return Outcome(
            kind=f"a real disk, {name}", faults=tuple(f"case {case}: {each}" for each in broken), missing=missing
        )


@contextmanager
def begin(room: Room) -> Iterator[Attack]:
    """Prepare the attack: what programs remember stays in the room."""
    state = room.scratch / "state"
    homes = {f"XDG_{name}_HOME": str(state / name.lower()) for name in ("STATE", "CACHE", "CONFIG", "DATA")}
    with mock.patch.dict("os.environ", homes):
        yield Disk(room, state)


PART = Part(begin=begin, cases=6_000, quick_cases=60)
