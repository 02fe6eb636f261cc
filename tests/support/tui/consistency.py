"""What has to be true of the folder of a session that is over: its journal, its pictures, and how it goes on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.errors import EngineError
from engine.search.answers import Redone, Undone
from engine.search.history import NO_NODE, Tree
from engine.search.journal import Journal
from engine.search.session import can_undo, tell
from engine.search.sessions import read_session
from engine.search.state import Place, Session
from latentpng.identity import Key, picture_keys
from latentpng.png.files import pixel_digest, read_picture, read_record
from latentpng.record import LatentRecord
from tests.support.engine.searching import Running, resumed


def problems_of(folder: Path) -> list[str]:
    """Return what is wrong with the folder of a session, a sentence for each problem.

    Args:
        folder: The folder of the session.
    """
    pictures = sorted(folder.glob("*-round*.png"))
    if not pictures and not (folder / "session.json").exists():
        return []  # nothing was finished before the session ended
    known = {*pictures, folder / "session.json", *folder.glob("way*")}
    leftovers = sorted(path.name for path in set(folder.iterdir()) - known)
    found = [f"it holds {name}" for name in leftovers]
    try:
        journal = read_session(folder)
    except EngineError as error:
        return [*found, str(error)]
    found += [*_of_files(journal, pictures)]
    return [*found, *_of_resuming(journal)]


def _of_files(journal: Journal, pictures: list[Path]) -> Iterator[str]:
    """Yield what the journal and the pictures of the folder say differently."""
    tree, named = journal.session.tree, {path.absolute() for path in journal.files.values()}
    for key, path in journal.files.items():
        if not path.is_file():
            yield f"the journal names {path.name}, which does not exist"
        elif path.absolute().parent != journal.folder.absolute():
            yield from _of_picture(path, key, tree)
    for path in pictures:
        if path.absolute() not in named:
            yield f"{path.name} is not in the journal"
        yield from _of_picture(path, next((key for key, file in journal.files.items() if file == path), None), tree)


def _of_picture(path: Path, key: Key | None, tree: Tree) -> Iterator[str]:
    record = read_record(path)  # raises for a damaged file
    own = picture_keys(record.lineage)[-1]
    node = tree.find(own)
    if key is not None and key != own:
        yield f"{path.name} carries a different picture than the one for which the journal names it"
    if node == NO_NODE:
        yield f"{path.name} is no node of the tree"
    elif tree.nodes[node].lineage != record.lineage:
        yield f"{path.name} carries a different lineage than its node"
    if record.pixels != pixel_digest(read_picture(path)[2]):
        yield f"{path.name} has different pixels than it records"
    yield from _of_settings(path, record)


def _of_settings(path: Path, record: LatentRecord) -> Iterator[str]:
    """Yield the settings of a picture that are not what the last edit on its way made them."""
    wanted = {name: value for round_ in record.lineage.rounds for name, value in round_.settings.items()}
    for name, value in wanted.items():
        if name != "model" and record.settings.get(name) != value:
            yield f"{path.name} records {name} {record.settings.get(name)!r}, its last edit {value!r}"


def _of_resuming(journal: Journal) -> Iterator[str]:
    """Go on with the session as the app does, walk back to its root and forward again; yield what differs."""
    with TemporaryDirectory() as elsewhere:  # going on writes into the folder
        copy = Path(elsewhere) / "session"
        shutil.copytree(journal.folder, copy)
        try:
            running = resumed(copy)
        except EngineError as error:
            yield f"it cannot be resumed: {error}"
            return
        yield from _of_going_on(running, journal)


def _of_going_on(running: Running, journal: Journal) -> Iterator[str]:
    try:
        running.finish()
        if not _are_same(running.search.session.place, journal.session.place):
            yield "resumed, it stands at a different place"
        try:
            yield from _of_walk(running, journal.session)
        except EngineError as error:
            yield f"resumed, a step of undo or redo fails: {error}"
        rendered = {picture_keys(task.lineage)[-1] for job in running.renderer.jobs for task in job.tasks}
        names = sorted(journal.files[key].name for key in rendered & journal.files.keys())
        if names:
            yield f"resumed, it renders what is on disk: {', '.join(names)}"
    finally:
        running.close()


def _of_walk(running: Running, session: Session) -> Iterator[str]:
    steps = _way_back(session)
    for number, place in enumerate(steps, start=1):
        running.tell(Undone())
        if not _are_same(running.search.session.place, place):
            yield f"resumed, step {number} of undo leads to a different place"
            return
    for number, place in enumerate([*reversed(steps[:-1]), session.place] if steps else [], start=1):
        running.tell(Redone())
        if not _are_same(running.search.session.place, place):
            yield f"resumed, step {number} of redo leads to a different place"
            return


def _are_same(now: Place, before: Place) -> bool:
    """Return whether a place is the one before; candidates that were not chosen yet are chosen by now."""
    is_chosen = before.is_undecided and not now.is_undecided
    return now == (replace(before, offered=now.offered, is_undecided=False) if is_chosen else before)


def _way_back(session: Session) -> list[Place]:
    """Return the places that undo leads to, one after the other, up to the root."""
    places = []
    while can_undo(session):
        session = tell(session, Undone())
        places.append(session.place)
    return places
