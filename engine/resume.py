"""Open an earlier session again, from its journal and the pictures beside it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from engine.edit import edited_picture, options_before
from engine.edit_settings import KEYS
from engine.errors import StoreError
from engine.open import Opening
from engine.options import Options
from engine.search.answers import Edited
from engine.search.beginning import Beginning
from engine.search.folder import later_pictures
from engine.search.history import tree_of
from engine.search.journal import Journal
from engine.search.root_noise import noise_digest, read_noise
from engine.search.saved_pictures import read_saved
from engine.search.steps import tell as after
from engine.search.variants import Recorded, edit_key
from engine.variants import FoundVariants, find_variants, record_of_variant, with_edits
from latentpng.errors import FileError, LatentPngError
from latentpng.identity import Key
from latentpng.record import JsonObject, LatentRecord, SeedRoot
from latentpng.text import plain

MAX_UNNAMED = 100
"""Files in a session's folder that are looked into because the journal may miss them."""


def open_journal(options: Options, journal: Journal, tell: Callable[[str], None] = lambda _: None) -> Opening:
    """Open a session again, at the grid that was on offer.

    Args:
        options: What differs from what the session records.  What they change of the settings of the grid that was on
            offer becomes an edit that can be undone; the other parts of the tree keep their settings.
        journal: The journal of that session.
        tell: Called with a sentence before something takes long.

    Returns:
        The opening.  Parts of the tree that cannot be rendered on this machine say why in their `Variant.problem`.

    Raises:
        StoreError: The journal does not say what renders the session, or the noise that it began with is neither beside
            it nor in a picture that is still there.
        ModelError: The grid that was on offer cannot be rendered here: its model is not on this machine.
        InvalidRequestError: A setting is out of range, or cannot change.
    """
    options = replace(options, allow_large=True)  # the session was begun with these sizes
    root = root_record(journal)
    own = edit_key(journal.session.tree, journal.session.place.node)
    recorded = recorded_in(journal, own)
    journal = replace(journal, files={**unnamed_files(journal, recorded), **journal.files})
    record = record_of_variant(recorded[own])
    edited = edited_picture(options, record, tell, lineage=journal.session.lineage)
    for round_ in edited.rounds:
        journal = replace(journal, session=after(journal.session, Edited(round_=round_)))
    tree, node = journal.session.tree, journal.session.node
    known_part = edit_key(tree, journal.session.place.node), edited.target
    found = find_variants(options_before(options, record), tree, recorded, known_part, tell)
    files = usable_files(journal, found)
    picture = read_saved(files[node.key], node.key) if node.key in files else None
    beginning = Beginning(
        lineage=node.lineage,
        load=edited.target.load,
        known=picture,
        root_record=root,
        variants=found.variants,
        recorded=found.recorded,
        files={key: file for key, file in files.items() if picture or key != node.key},
        continued=journal,
    )
    return Opening(beginning=beginning, target=edited.target, journal=journal)


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
            f"{plain(str(journal.folder))}: this session cannot be continued: its {journal.name} does not say with "
            "which model and settings its pictures are rendered"
        )
    return recorded


# A program may end after it wrote a picture and before the journal names its file.
def unnamed_files(journal: Journal, recorded: Mapping[Key, Recorded]) -> dict[Key, Path]:
    """Return the files of pictures of a session that its journal does not name: they need not be saved once more.

    Args:
        journal: The journal of the session.
        recorded: What its pictures record, by the key of the edit before them.
    """
    from latentpng.png.files import read_record

    root, files = journal.session.tree.nodes[0].chain.root, dict[Key, Path]()
    for file in later_pictures(journal.folder, journal.files.values(), MAX_UNNAMED):
        with contextlib.suppress(LatentPngError, OSError):
            record = read_record(file)
            tree = tree_of(record.lineage)
            known = recorded.get(edit_key(tree, len(tree.nodes) - 1))
            is_ours = record.lineage.root == root and noise_digest(record) == journal.root_noise
            if is_ours and known is not None and _shows_the_same(record.settings, known.settings):
                files[tree.nodes[-1].key] = file
    return files


def _shows_the_same(settings: JsonObject, others: JsonObject) -> bool:
    return all(settings.get(key) == others.get(key) for key in KEYS)


def usable_files(journal: Journal, found: FoundVariants) -> dict[Key, Path]:
    """Return the files of the pictures that would be rendered in the same way here."""
    tree = journal.session.tree
    if found.as_recorded == found.variants.keys():
        return dict(journal.files)
    nodes = {node.key: edit_key(tree, index) for index, node in enumerate(tree.nodes)}
    return {key: file for key, file in journal.files.items() if nodes.get(key) in found.as_recorded}


def root_record(journal: Journal) -> LatentRecord | None:
    """Return a record that holds the stored noise of a session's root; None when a seed is enough.

    It lies beside the journal; every picture of the session holds it as well, so any file that is still there serves.

    Raises:
        StoreError: None is.
    """
    from latentpng.png.files import read_record

    if isinstance(journal.session.lineage.root, SeedRoot):
        return None
    beside = read_noise(journal.folder, journal.root_noise)
    if beside is not None:
        return beside
    for file in journal.files.values():
        with contextlib.suppress(FileError, OSError):
            record = read_record(file)
            if record.root_tensor is not None and noise_digest(record) == journal.root_noise:
                return record
    raise StoreError(
        f"{plain(str(journal.folder))}: this session cannot be continued: the noise that it began with is "
        "neither beside its journal nor in one of its pictures any more"
    )
