"""Finish the record of a graph by where the graph comes from: the API, the editor, or the site Civitai.

The editor's graph may have another seed than the picture, so a seed that changes is not taken for the picture's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui.civitai import completed
from latentpng.foreign.tools.comfyui.graph import MAX_NODES, Graph, graph_of
from latentpng.foreign.tools.comfyui.sources import Source
from latentpng.record import JsonObject

if TYPE_CHECKING:
    from latentpng.foreign.tools.comfyui.workflow import Converted

FROM_EDITOR = "read from the editor's graph, because there is no API graph"
OTHER_SEED = "the seed in the workflow may not be this picture's"
CHOICES = "its prompt offers choices in braces, of which the picture has one"
_CHOICE = re.compile(r"\{[^{}|]{0,1000}\|[^{}]{0,1000}\}")
_NOTHING_READ = ForeignRecord(tool="comfyui")


def finished(
    source: Source, read_graph: Callable[[Graph], ForeignRecord], read_seed: Callable[[Graph], int | None]
) -> ForeignRecord:
    """Return the record of a picture's graph.

    Args:
        source: The graph.
        read_graph: Reads a graph in the form of the API.
        read_seed: Reads nothing but its seed.
    """
    if source.problem:
        return ForeignRecord(tool="comfyui", notes=(f"its workflow {source.problem}, so it is not read",))
    if not source.api:
        from latentpng.foreign.tools.comfyui.workflow import converted  # most pictures do without it

        return _of_editor(converted(source.workflow), source.seeds, read_graph, read_seed)
    record = _noted(read_graph(graph_of(source.api)), source.api, is_cut=False)
    return completed(record, source.told) if source.told else record


def _of_editor(
    workflow: Converted,
    seeds: frozenset[int],
    read_graph: Callable[[Graph], ForeignRecord],
    read_seed: Callable[[Graph], int | None],
) -> ForeignRecord:
    """Return the record of the editor's graph, with its seed when that is fixed or when another text names it."""
    record = _noted(read_graph(graph_of(workflow.entries)), workflow.entries, is_cut=workflow.is_cut)
    if record == replace(_NOTHING_READ, notes=record.notes):
        return record
    record = replace(record, notes=(FROM_EDITOR, *record.notes, *([CHOICES] if _CHOICE.search(record.prompt) else [])))
    if record.seed is None or record.seed in seeds:
        return record
    if record.seed >= 0 and read_seed(graph_of(workflow.firm)) == record.seed:
        return record
    return replace(
        record,
        seed=None,
        notes=(*record.notes, OTHER_SEED),
        unknown_noise=record.unknown_noise or OTHER_SEED,
        extra=(*record.extra, ("seed_in_workflow", str(record.seed))),
    )


def _noted(record: ForeignRecord, entries: JsonObject, *, is_cut: bool) -> ForeignRecord:
    """Return a record with a note when its graph has more nodes than are read."""
    count = sum(1 for entry in entries.values() if loose.members(entry).get("class_type"))
    if not is_cut and count <= MAX_NODES:
        return record
    excess = f"more than {MAX_NODES} nodes" if count > MAX_NODES else "too many nodes or inputs"
    return replace(record, notes=(*record.notes, f"its workflow has {excess}, so not all of it is read"))
