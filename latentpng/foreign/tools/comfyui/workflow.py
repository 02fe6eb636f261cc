"""Turn the editor's graph (`workflow`) of ComfyUI into the API's graph, which the editor would have sent to run it.

The seed in it may not be that of the picture: most editors change it right after they send the graph. So numbers that
change are left out of a second form of the graph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui.editor import MAX_SLOTS, EditorNode, id_of
from latentpng.foreign.tools.comfyui.links import NOTHING, Links, is_virtual
from latentpng.foreign.tools.comfyui.subgraphs import flat
from latentpng.foreign.tools.comfyui.widgets import widgets_of
from latentpng.record import Json, JsonObject

MAX_INPUTS = 2**17  # inputs of all nodes together
_ENCODER = re.compile(r"TextEncode|Power Prompt")
_COMMENT = re.compile(r"/\*(?:[^*]|\*(?!/))*+(?:\*/|(?P<open>\Z))|//[^\n]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Converted:
    """A graph in the form of the API.

    Attributes:
        entries: The nodes by ID.
        firm: The same without the numbers that may have changed after the picture was made.
        is_cut: Whether the workflow has more nodes or inputs than are read.
    """

    entries: dict[str, Json]
    firm: dict[str, Json]
    is_cut: bool


def converted(workflow: JsonObject) -> Converted:
    """Convert the editor's graph.

    Args:
        workflow: The editor's graph.
    """
    scattered = flat(workflow)
    nodes = _with_broadcasts(scattered.nodes, workflow)
    links = Links(nodes)
    entries: dict[str, Json] = {}
    firm: dict[str, Json] = {}
    left = MAX_INPUTS
    for node in sorted(nodes.values(), key=_order):
        if is_virtual(node):
            continue
        left -= 1 + len(node.slots) + len(loose.items(node.values)) + len(loose.members(node.values))
        if left < 0:
            break
        inputs, changing = _inputs(node, links)
        entries[node.key] = _entry(node, inputs)
        firm[node.key] = _entry(node, {**inputs, **dict.fromkeys(changing)}) if changing else entries[node.key]
    return Converted(entries=entries, firm=firm, is_cut=scattered.is_cut or left < 0)


def _entry(node: EditorNode, inputs: dict[str, Json]) -> dict[str, Json]:
    return {"class_type": node.kind, "inputs": inputs, "_meta": {"title": node.title}}


def _inputs(node: EditorNode, links: Links) -> tuple[dict[str, Json], set[str]]:
    """Return the inputs of a node, and the names of those whose numbers change."""
    widgets = widgets_of(node)
    is_encoder = bool(_ENCODER.search(node.kind))
    inputs = {name: _without_comments(value) if is_encoder else value for name, value in widgets.values.items()}
    changing = set(widgets.changing)
    for slot in node.slots:
        if slot.origin is None or not slot.name:
            continue
        found = links.found((node.scope + slot.origin[0], slot.origin[1]))
        name = slot.widget or slot.name
        if found.is_own:
            continue
        if found.origin is not None or found.changes is not None:
            changing.discard(name)
        if found.origin is not None:
            inputs[slot.name] = list(found.origin)
        elif found is NOTHING:
            inputs.pop(name, None)
        else:
            inputs[name] = found.value
            changing |= {name} if found.changes else set()
    return inputs, changing & inputs.keys()


def _without_comments(value: Json) -> Json:
    """Return a text without comments in the manner of JavaScript, which the editor does not send."""
    if not isinstance(value, str):
        return value
    return _COMMENT.sub(lambda found: "" if found["open"] is None else found[0], value)


def _order(node: EditorNode) -> tuple[bool, int, str]:
    """Return the place of a node in the API's graph: whole numbers first, as JavaScript sorts keys."""
    number = loose.whole(node.key)
    return (True, 0, "") if number is None else (False, number, node.key)


def _with_broadcasts(nodes: Mapping[str, EditorNode], workflow: JsonObject) -> dict[str, EditorNode]:
    """Return the nodes with the links that the nodes of Use Everywhere make, which the file lists apart."""
    linked = dict(nodes)
    for target, at, origin, output in _broadcasts(workflow):
        node = linked.get(target)
        if node is not None and 0 <= at < len(node.slots) and node.slots[at].origin is None:
            slots = (*node.slots[:at], replace(node.slots[at], origin=(origin, output)), *node.slots[at + 1 :])
            linked[target] = replace(node, slots=slots)
    return linked


def _broadcasts(workflow: JsonObject) -> Iterator[tuple[str, int, str, int]]:
    """Yield node, input, node and output of each such link."""
    for value in islice(loose.items(loose.members(workflow.get("extra")).get("ue_links")), MAX_SLOTS * 16):
        entry = loose.members(value)
        at, output = loose.whole(entry.get("downstream_slot")), loose.whole(entry.get("upstream_slot"))
        if at is not None and output is not None:
            yield id_of(entry.get("downstream")), at, id_of(entry.get("upstream")), output
