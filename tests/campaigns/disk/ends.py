"""Programs that end at any call, and folders that change while a session writes into them."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.open import open_prompt
from engine.options import Options
from engine.search.answers import Picked
from engine.search.sessions import read_session, saved_sessions
from latentpng.identity import picture_keys
from latentpng.png.abandoned import TEMPORARY_PREFIX, forget, recover
from latentpng.png.files import read_record
from tests.campaigns.disk.acts import damage, files_in, session
from tests.campaigns.disk.faults import KILLED, Faults
from tests.support.engine.searching import Running, resumed
from tests.support.tui.consistency import problems_of

_PICKS = 4
_NOT_SHOWN = " is no node of the tree"
"""A pick whose picture was saved before the journal, which the screen waits for, is one that nobody saw."""


def killed(folder: Path, at: int) -> Iterator[str]:
    """End a session at a call, continue it in a new program, and yield what was lost or is left.

    Args:
        folder: The folder; the session is in `s`.
        at: The index of the call.
    """
    pid = os.fork()
    if not pid:
        with Faults(folder, at=at, kills=True).in_force() as faults:
            list(session(folder, faults))
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code not in (KILLED, 0):  # how many calls there are depends on threads
        yield f"the program ended with {code}"
    forget(folder / "s")
    whole = {_digest(path) for path in files_in(folder) if path.suffix in (".png", ".part") and not damage(path)}
    has_journal = (folder / "s" / "session.json").exists()
    running = resumed(folder / "s") if has_journal else Running(open_prompt(Options(seed=9), "a hill"), folder / "s")
    running.finish()
    running.tell(Picked(marks=(2,)))
    running.close()
    yield from running.troubles
    files = files_in(folder)
    yield from (f"{path.name} was left behind" for path in files if path.name.startswith(TEMPORARY_PREFIX))
    if lost := whole - {_digest(path) for path in files}:
        yield f"{len(lost)} whole pictures of the program that was killed are gone"
    yield from filter(None, (damage(path) for path in files if path.suffix == ".png"))
    if has_journal:
        yield from _doubled(folder / "s")
        problems = problems_of(folder / "s")
        unseen = {each.removesuffix(_NOT_SHOWN) for each in problems if each.endswith(_NOT_SHOWN)}
        yield from (each for each in problems if not each.startswith(tuple(unseen)))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _doubled(folder: Path) -> Iterator[str]:
    """Yield the pictures that a folder holds twice."""
    keys = Counter(picture_keys(read_record(path).lineage)[-1] for path in folder.glob("*.png"))
    yield from (f"the picture {key.hex()[:8]} was saved {count} times" for key, count in keys.items() if count > 1)


def changed(folder: Path, change: Callable[[Path], None], after: int) -> Iterator[str]:
    """Search while the folder changes; yield what was lost although nobody removed it.

    Args:
        folder: The folder; the session is in `s`.
        change: Changes the folder of the session.
        after: After how many picks.
    """
    running = Running(open_prompt(Options(seed=5), "a lake"), folder / "s")
    running.finish()
    for number in range(_PICKS):
        if number == after:
            running.search.saving.result()
            change(folder / "s")
        running.tell(Picked(marks=(number % 3,)))
    running.close()
    if running.search.unsaved:
        yield f"nothing hinders saving, and still: {running.search.unsaved}"
    keys = [node.key for node in running.search.session.tree.nodes]
    if [node.key for node in read_session(folder / "s").session.tree.nodes] != keys:
        yield "the journal misses picks"
    again = resumed(folder / "s")
    again.finish()
    again.close()
    if [node.key for node in again.search.session.tree.nodes] != keys:
        yield "the session that is resumed is a different one"
    forget(folder / "elsewhere")
    recover(folder / "elsewhere")  # a file may have been open while its folder was renamed
    files = files_in(folder)
    yield from filter(None, (damage(path) for path in files if path.suffix == ".png"))
    yield from (f"{path.name} was left behind" for path in files if path.name.startswith(TEMPORARY_PREFIX))
    listed = {each.folder for each in saved_sessions(folder, folder / "index.txt")}
    journals = {path.parent for path in files if path.name == "session.json"}
    yield from (f"the session in {each.name} is not listed" for each in journals - listed)


def _renamed(folder: Path) -> None:
    if folder.exists():
        folder.rename(folder.with_name("elsewhere"))


def _vanished(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _earlier(folder: Path) -> None:
    """Have all files come from the future, as after a clock was set back."""
    for path in files_in(folder.parent):
        os.utime(path, (4e9, 4e9))


CHANGES: dict[str, Callable[[Path], None]] = {
    "the folder is renamed in mid-session": _renamed,
    "the folder vanishes in mid-session": _vanished,
    "the clock goes backwards": _earlier,
}
