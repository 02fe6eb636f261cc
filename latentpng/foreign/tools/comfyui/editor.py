"""The nodes of the editor's graph (`workflow`) of ComfyUI as frozen values: how a node and its links stand in the file.

Links are arrays `[ID, origin, output, target, input, type]` in version 0.4, and objects in version 1.0 and in
subgraphs. Whatever has the wrong form counts as absent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from latentpng.foreign.tools import loose
from latentpng.record import Json, JsonObject

Origin: TypeAlias = tuple[str, int]
"""The ID of a node and the index of its output."""

MAX_SLOTS = 256  # inputs or outputs of one node
NEVER, BYPASS = 2, 4
"""Modes of a node: it does not run; it passes its inputs on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """An input of a node.

    Attributes:
        name: The name of the input.
        kind: Its type, such as "MODEL".
        widget: The name of the widget in its place; "" for an input that has none.
        origin: The output that it is linked to, of a node of the same scope; None without a link.
        literal: A value that stands in place of a link.
    """

    name: str
    kind: str = ""
    widget: str = ""
    origin: Origin | None = None
    literal: Json = None


@dataclass(frozen=True, kw_only=True, slots=True)
class EditorNode:
    """A node of the editor.

    Attributes:
        key: Its ID; inside a subgraph, the IDs on the way to it, with colons between.
        scope: What the keys of the nodes begin with that its inputs are linked to.
        kind: Its type.
        mode: 0 for a node that runs, `NEVER` or `BYPASS`.
        title: What a person called it.
        slots: Its inputs.
        outputs: The types of its outputs.
        values: The values of its widgets, a list or an object.
        proxies: The widgets of nodes inside that it shows, pairs of an ID and a name.
    """

    key: str
    scope: str = ""
    kind: str
    mode: int = 0
    title: str = ""
    slots: tuple[Slot, ...] = ()
    outputs: tuple[str, ...] = ()
    values: Json = None
    proxies: Json = None

    @property
    def is_running(self) -> bool:
        """Whether the node runs, neither muted nor bypassed."""
        return self.mode not in (NEVER, BYPASS)


def nodes_of(scope: JsonObject, most: int) -> Iterator[EditorNode]:
    """Yield the nodes of a graph or subgraph, with their IDs as keys.

    Args:
        scope: The object with `nodes` and `links`.
        most: How many nodes are read.
    """
    origins = _origins(scope)
    for entry in islice(loose.items(scope.get("nodes")), most):
        node = loose.members(entry)
        key, kind = id_of(node.get("id")), loose.text(node.get("type"))
        if key and kind:
            yield EditorNode(
                key=key,
                kind=kind,
                mode=loose.whole(node.get("mode")) or 0,
                title=loose.text(node.get("title")),
                slots=tuple(_slots(node, origins)),
                outputs=tuple(_kind(output) for output in islice(loose.items(node.get("outputs")), MAX_SLOTS)),
                values=node.get("widgets_values"),
                proxies=loose.members(node.get("properties")).get("proxyWidgets"),
            )


def ends_of(scope: JsonObject) -> Iterator[tuple[str, str, int, str, int]]:
    """Yield ID, origin, output, target and input of each link."""
    for link in loose.items(scope.get("links")):
        entry = loose.members(link)
        names = ("id", "origin_id", "origin_slot", "target_id", "target_slot")
        parts = [entry.get(name) for name in names] if entry else list(loose.items(link))[:5]
        if len(parts) == 5:
            output, target_slot = loose.whole(parts[2]), loose.whole(parts[4])
            identifier, origin, target = id_of(parts[0]), id_of(parts[1]), id_of(parts[3])
            if origin and output is not None and target_slot is not None:
                yield identifier, origin, output, target, target_slot


def id_of(value: Json) -> str:
    """Return an ID, which is a number or a text; "" for anything else."""
    number = None if isinstance(value, str) else loose.whole(value)
    return loose.text(value) if number is None else str(number)


def _origins(scope: JsonObject) -> dict[str, Origin]:
    """Return what each link comes from: as the links say, else as the outputs of the nodes say."""
    found: dict[str, Origin] = {}
    for entry in loose.items(scope.get("nodes")):
        node = loose.members(entry)
        for at, output in enumerate(islice(loose.items(node.get("outputs")), MAX_SLOTS)):
            found |= {
                id_of(link): (id_of(node.get("id")), at) for link in loose.items(loose.members(output).get("links"))
            }
    return found | {identifier: (origin, output) for identifier, origin, output, _, _ in ends_of(scope)}


def _slots(node: JsonObject, origins: dict[str, Origin]) -> Iterator[Slot]:
    for value in islice(loose.items(node.get("inputs")), MAX_SLOTS):
        entry = loose.members(value)
        widget = loose.text(loose.members(entry.get("widget")).get("name"))
        link = id_of(entry.get("link"))
        yield Slot(
            name=loose.text(entry.get("name")),
            kind=_kind(value),
            widget=widget,
            origin=origins.get(link) if link else None,
        )


def _kind(slot: Json) -> str:
    return loose.text(loose.members(slot).get("type"))
