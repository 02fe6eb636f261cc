"""What renders each part of a tree of pictures: found from what their files or the journal record.

An edit changes the settings from there on, so the pictures before it need those that were in force then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from engine.errors import EngineError
from engine.models.lookups import remembered_lookups
from engine.options import Options
from engine.search.history import NodeKind, Tree, tree_of
from engine.search.variants import NO_EDIT, Recorded, Variant, edit_key
from engine.target import Target, target_for_record
from latentpng.ancestors import settings_along
from latentpng.errors import LatentPngError
from latentpng.identity import Key
from latentpng.record import Json, JsonObject, LatentRecord, Lineage, Metadata, SeedRoot


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundVariants:
    """The variants of a tree.

    Attributes:
        variants: What renders the pictures after each edit, by the key of the edit; NO_EDIT for those before the first.
        recorded: What their pictures record, by the same keys.
        as_recorded: The keys of those that are expected to give the same pixels as the pictures that are there.
    """

    variants: Mapping[Key, Variant]
    recorded: Mapping[Key, Recorded]
    as_recorded: frozenset[Key]


def recorded_on_the_way(record: LatentRecord) -> dict[Key, Recorded]:
    """Return what the pictures on the way to a picture recorded, by the keys of the edits; its own included."""
    tree = tree_of(record.lineage)
    ends = {NO_EDIT: 0} | {node.key: node.rounds for node in tree.nodes if node.kind is NodeKind.EDIT}
    last = edit_key(tree, len(tree.nodes) - 1)
    settings = settings_along(record, set(ends.values()))
    return {
        key: Recorded(settings=record.settings if key == last else settings[rounds], software=record.software)
        for key, rounds in ends.items()
    }


def find_variants(
    options: Options,
    tree: Tree,
    recorded: Mapping[Key, Recorded],
    known: tuple[Key, Target],
    tell: Callable[[str], None],
) -> FoundVariants:
    """Return what renders each part of a tree; one that cannot be rendered here says why.

    Args:
        options: What differs from what the pictures record.
        tree: The tree.
        recorded: What pictures of it record, by the key of the edit; an edit of which no picture was rendered follows
            from the part before it and from what it changes.
        known: The key and the target of the part that was found before, which the search begins with.
        tell: Called with a sentence before something takes long.
    """
    recorded = with_edits(tree, recorded)
    variants, as_recorded = {}, set()
    with remembered_lookups():
        for key, found in recorded.items():
            variant, is_same = (
                (Variant(load=known[1].load), known[1].is_as_recorded)
                if key == known[0]
                else _found(options, found, known[1], tell)
            )
            variants[key] = variant
            if is_same:
                as_recorded.add(key)
    return FoundVariants(variants=variants, recorded=recorded, as_recorded=frozenset(as_recorded))


def record_of_variant(recorded: Recorded) -> LatentRecord:
    """Return a record with these settings, for `target_for_record`, which does not look at the noise."""
    import numpy as np

    metadata = Metadata(
        lineage=Lineage(root=SeedRoot(seed=0)),
        axes="L",
        node="0" * 64,
        settings=recorded.settings,
        software=recorded.software,
    )
    return LatentRecord(metadata=metadata, tensor=np.zeros(1, np.float16))


def _found(options: Options, recorded: Recorded, fallback: Target, tell: Callable[[str], None]) -> tuple[Variant, bool]:
    """Return a variant, and whether it gives the pixels that are there."""
    try:
        target = target_for_record(options, record_of_variant(recorded), tell)
    except (EngineError, LatentPngError, OSError) as error:
        return Variant(load=fallback.load, problem=str(error)), False
    return Variant(load=target.load), target.is_as_recorded


def with_edits(tree: Tree, recorded: Mapping[Key, Recorded]) -> dict[Key, Recorded]:
    """Return what is recorded, with the edits of which no picture was rendered."""
    found = dict(recorded)
    for index, node in enumerate(tree.nodes):
        before = found.get(edit_key(tree, node.parent)) if node.kind is NodeKind.EDIT else None
        if before is not None and node.key not in found:
            rounds = tree.nodes[index].lineage.rounds[tree.nodes[node.parent].rounds :]
            settings: JsonObject = before.settings
            for round_ in rounds:
                settings = _changed(settings, round_.settings)
            found[node.key] = replace(before, settings=settings)
    return found


def _changed(settings: JsonObject, changes: JsonObject) -> dict[str, Json]:
    """Return settings after an edit; what it sets to null is left out from there on."""
    return {key: value for key, value in {**settings, **changes}.items() if changes.get(key, value) is not None}
