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
from tests.campaigns.disk.ends import CHANGES, changed, killed
from tests.campaigns.disk.faults import NO_LINKS_AND_LOCKS, Faults
from tests.campaigns.disk.programs import SMALL_DISKS, programs_at_once, small_disk

REASONS = (errno.ENOSPC, errno.EIO, errno.EROFS, errno.ENOENT, errno.EDQUOT)
_SHARED = [(count, bare, new) for count in (4, 2) for bare in (True, False) for new in (False, True)]
_SESSION = "a session, then room"
_EACH = 20
"""Of so many cases, the last ones are two programs that are killed, a folder that changes, and one with real programs
or disks; in the others a call fails."""
_LAST = 4


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
        self._calls: dict[tuple[str, frozenset[str]], int] = {}

    def __call__(self, number: int) -> Outcome:
        """Try a case."""
        folder = self._room.scratch / "case"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self._start, folder)
        turn, place = divmod(number, _EACH)
        if place < _EACH - _LAST:
            return self._failing(folder, turn * (_EACH - _LAST) + place, number)
        if place < _EACH - 2:
            return self._killed(folder, 2 * turn + place % 2, number)
        return (self._changed if place < _EACH - 1 else self._other)(folder, turn, number)

    def _failing(self, folder: Path, number: int, case: int) -> Outcome:
        turn, index = divmod(number, len(ACTS))
        name, act = list(ACTS.items())[index]
        refused = NO_LINKS_AND_LOCKS if turn % 4 == 3 else frozenset[str]()
        lasts = name == "a session without room" or turn % 3 == 2
        reason = REASONS[turn % len(REASONS)]
        at = turn * 7919 % self._calls_of(name, refused)
        faults = Faults(folder, at=at, reason=reason, lasts=lasts, refused=refused)
        with faults.in_force():
            broken = list(act(folder, faults))
        where = faults.failed[0] if faults.failed else "nothing"
        words = f"case {case}: {errno.errorcode[reason]} at call {at} ({where})"
        return Outcome(
            kind=f"{name}, without links and locks" if refused else name,
            faults=tuple(f"{words}{' and on' if lasts else ''}: {each}" for each in broken),
        )

    def _calls_of(self, name: str, refused: frozenset[str] = frozenset()) -> int:
        """Return how many calls an act makes when none of them fails."""
        key = name, refused
        if key not in self._calls:
            folder = self._room.scratch / "count"
            shutil.copytree(self._start, folder)
            faults = Faults(folder, refused=refused)
            with faults.in_force():
                broken = list(ACTS[name](folder, faults))
            shutil.rmtree(folder)
            if broken:
                raise AssertionError(f"{name} breaks promises on a good disk: {broken}")
            self._calls[key] = len(faults.calls)
        return self._calls[key]

    def _killed(self, folder: Path, turn: int, case: int) -> Outcome:
        at = (turn + 1) * 7919 % (self._calls_of(_SESSION) // 3)  # the others are those of the checks
        broken = list(killed(folder, at))
        return Outcome(
            kind="a session that is killed at a call, and continued",
            faults=tuple(f"case {case}: at call {at}: {each}" for each in broken),
        )

    def _changed(self, folder: Path, turn: int, case: int) -> Outcome:
        after, index = divmod(turn % (4 * len(CHANGES)), len(CHANGES))
        name, change = list(CHANGES.items())[index]
        broken = list(changed(folder, change, after))
        return Outcome(kind=name, faults=tuple(f"case {case}: after {after} picks: {each}" for each in broken))

    def _other(self, folder: Path, number: int, case: int) -> Outcome:
        number %= len(_SHARED) + len(SMALL_DISKS)
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


PART = Part(begin=begin, cases=6_000, quick_cases=20)
