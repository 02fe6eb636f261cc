"""Turn a group node of ComfyUI's older editor into a subgraph.

The file lists the group's nodes without IDs; links name nodes by their position. An input of one of these nodes that
is linked to nothing inside is an input of the group node, and an output that is linked to nothing inside, or that is
listed as external, is an output of it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice

from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui.editor import MAX_SLOTS, EditorNode
from latentpng.record import Json, JsonObject

MAX_INNER = 512  # nodes of one group
MAX_LINKS = 1024  # links of one group
MAX_INNER_SLOTS = 2048  # inputs and outputs of all nodes of one group
_ENTRANCE, _EXIT = -10, -20
_ANY = "*"  # the type of an input that takes any type


def ungrouped(node: EditorNode, group: JsonObject) -> dict[str, Json]:
    """Return what is inside a group node, in the form of a subgraph.

    Args:
        node: The group node.
        group: What the file says about groups of its kind.

    Returns:
        The subgraph; {} for a group beyond the limits.
    """
    inner = [loose.members(each) for each in islice(loose.items(group.get("nodes")), MAX_INNER)]
    slots = (loose.items(entry.get(name)) for entry in inner for name in ("inputs", "outputs"))
    if sum(map(len, slots)) > MAX_INNER_SLOTS:
        return {}
    inside = {(link[2], link[3]): (link[0], link[1]) for link in _links(group)}
    entering = _entering(node, inner, inside)
    origins = {**{target: (_ENTRANCE, at) for target, at in entering.items()}, **inside}
    links: list[Json] = [
        _link(f"in {index} {slot}", origin, (index, slot)) for (index, slot), origin in origins.items()
    ]
    leaving = _leaving(group, inner, set(inside.values()))
    links += [_link(f"out {at}", origin, (_EXIT, at)) for at, origin in enumerate(leaving)]
    values = _values(node, inner)
    nodes: list[Json] = [
        {
            **each,
            "id": at,
            "mode": 0,
            "inputs": _inputs(each, at),
            "outputs": _unlinked(each),
            "widgets_values": values[at],
        }
        for at, each in enumerate(inner)
    ]
    return {"nodes": nodes, "links": links, "inputs": [{"name": slot.name} for slot in node.slots]}


def _links(group: JsonObject) -> Iterator[tuple[int, int, int, int]]:
    """Yield position, output, position and input of each link between nodes of the group."""
    for link in islice(loose.items(group.get("links")), MAX_LINKS):
        parts = [loose.whole(part) for part in islice(loose.items(link), 4)]
        origin, output, target, slot = (*parts, *[None] * 4)[:4]
        if origin is not None and output is not None and target is not None and slot is not None:
            yield origin, output, target, slot


def _link(key: str, origin: tuple[int, int], target: tuple[int, int]) -> dict[str, Json]:
    return {
        "id": key,
        "origin_id": origin[0],
        "origin_slot": origin[1],
        "target_id": target[0],
        "target_slot": target[1],
    }


def _slots(entry: JsonObject) -> list[JsonObject]:
    return [loose.members(each) for each in islice(loose.items(entry.get("inputs")), MAX_SLOTS)]


def _inputs(entry: JsonObject, index: int) -> list[Json]:
    """Return the inputs of a node, each with a link that exists only where something is linked to it."""
    return [{**slot, "link": f"in {index} {at}"} for at, slot in enumerate(_slots(entry))]


def _unlinked(entry: JsonObject) -> list[Json]:
    outputs = islice(loose.items(entry.get("outputs")), MAX_SLOTS)
    return [{"type": loose.members(each).get("type")} for each in outputs]


def _entering(
    node: EditorNode, inner: list[JsonObject], inside: dict[tuple[int, int], tuple[int, int]]
) -> dict[tuple[int, int], int]:
    """Return which input of the group node each free input of the nodes inside is; widgets come last."""
    free = [
        (bool(slot.get("widget")), index, at, loose.text(slot.get("type")))
        for index, entry in enumerate(inner)
        for at, slot in enumerate(_slots(entry))
        if (index, at) not in inside
    ]
    places: dict[str, list[int]] = {}
    for at, outer in enumerate(node.slots):
        places.setdefault(outer.kind, []).append(at)
    found: dict[tuple[int, int], int] = {}
    start = 0
    for _, index, at, kind in sorted(free, key=lambda each: each[0]):
        fitting = (range(len(node.slots)),) if kind == _ANY else (places.get(kind, ()), places.get(_ANY, ()))
        position = min(
            (each[first] for each in fitting if (first := bisect_left(each, start)) < len(each)), default=None
        )
        if position is not None:
            found[index, at] = position
            start = position + 1
    return found


def _leaving(group: JsonObject, inner: list[JsonObject], linked: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the outputs of the nodes inside that are outputs of the group node, in their order."""
    external = {
        (loose.whole(parts[0]), loose.whole(parts[1]))
        for each in islice(loose.items(group.get("external")), MAX_LINKS)
        if len(parts := loose.items(each)) > 1
    }
    config = loose.members(group.get("config"))
    found = []
    for index, entry in enumerate(inner):
        outputs = loose.members(loose.members(config.get(str(index))).get("output"))
        for at in range(min(len(loose.items(entry.get("outputs"))), MAX_SLOTS)):
            visible = loose.members(outputs.get(str(at))).get("visible")
            hidden = (index, at) in linked and (index, at) not in external
            if visible is True or (visible is None and not hidden):
                found.append((index, at))
    return found


def _values(node: EditorNode, inner: list[JsonObject]) -> list[Json]:
    """Return the widgets of each node inside: those of the group node, when it has as many, else the group's own."""
    own = [loose.items(entry.get("widgets_values")) for entry in inner]
    given = loose.items(node.values)
    if len(given) != sum(map(len, own)):
        return [entry.get("widgets_values") for entry in inner]
    shared: list[Json] = []
    start = 0
    for values in own:
        shared.append(list(given[start : start + len(values)]))
        start += len(values)
    return shared
