"""What a journal and the pictures beside it give back of a session."""

from __future__ import annotations

import contextlib
from pathlib import Path

from engine.errors import StoreError
from engine.search.journal import Journal
from engine.search.pictures import noise_digest
from engine.search.variants import Recorded, edit_key
from engine.variants import FoundVariants, with_edits
from latentpng.errors import FileError
from latentpng.identity import Key
from latentpng.record import LatentRecord, SeedRoot
from latentpng.text import plain


def recorded_in(journal: Journal, own: Key) -> dict[Key, Recorded]:
    """Return what the pictures of a session recorded.

    Args:
        journal: The journal of the session.
        own: The key of the edit before the grid that was on offer.

    Raises:
        StoreError: It does not tell what renders that grid.
    """
    recorded = with_edits(journal.session.tree, journal.recorded)
    if own not in recorded:
        raise StoreError(
            f"{plain(str(journal.folder))}: this session cannot be continued: no picture was rendered in it yet"
        )
    return recorded


def usable_files(journal: Journal, found: FoundVariants) -> dict[Key, Path]:
    """Return the files of the pictures that would be rendered in the same way here."""
    tree = journal.session.tree
    if found.as_recorded == found.variants.keys():
        return dict(journal.files)
    nodes = {node.key: edit_key(tree, index) for index, node in enumerate(tree.nodes)}
    return {key: file for key, file in journal.files.items() if nodes.get(key) in found.as_recorded}


def root_record(journal: Journal) -> LatentRecord | None:
    """Return a record that holds the stored noise of a session's root; None when a seed is enough.

    Every picture of the session holds that noise, so any file that is still there serves.

    Raises:
        StoreError: None is.
    """
    from latentpng.png.files import read_record

    if isinstance(journal.session.lineage.root, SeedRoot):
        return None
    for file in journal.files.values():
        with contextlib.suppress(FileError, OSError):
            record = read_record(file)
            if noise_digest(record) == journal.root_noise:
                return record
    raise StoreError(
        f"{plain(str(journal.folder))}: this session cannot be continued: its pictures hold the noise that it began "
        "with, and none of them is there any more"
    )
