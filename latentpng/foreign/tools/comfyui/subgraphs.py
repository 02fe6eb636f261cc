"""Take the subgraphs and group nodes of the editor's graph apart, so that one flat set of nodes is left.

A subgraph is replaced by its nodes and two passages, which lead on to what their inputs are linked to: one stands for
the subgraph's inputs; the other, under the key of the subgraph's node, stands for its outputs. Group nodes, which came
before subgraphs, are turned into subgraphs first. The keys are those of the API's graph.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui.editor import MAX_SLOTS, EditorNode, Slot, ends_of, id_of, nodes_of
from latentpng.foreign.tools.comfyui.groups import ungrouped
from latentpng.foreign.tools.comfyui.widgets import widgets_of
from latentpng.record import JsonObject

MAX_NODES = 2**14
MAX_DEPTH = 16
MAX_GROUPS = 64  # group nodes that are taken apart
PASSAGE = "\0passage"
"""The kind of a node that only leads on."""
ENTRANCE, EXIT = "-10", "-20"
"""The IDs that stand for the inputs and the outputs of a subgraph in its links."""
GROUP_PREFIXES = ("workflow/", "workflow>")


@dataclass(frozen=True, kw_only=True, slots=True)
class Flat:
    """The nodes of a workflow without subgraphs.

    Attributes:
        nodes: The nodes by key.
        is_cut: Whether the workflow has more nodes than are read.
    """

    nodes: Mapping[str, EditorNode]
    is_cut: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Scope:
    """A graph or subgraph, parsed once however often it occurs."""

    nodes: tuple[EditorNode, ...]
    inputs: tuple[str, ...]
    exits: tuple[Slot, ...]


@dataclass(kw_only=True, slots=True)
class _Walk:
    """The walk through all scopes; it grows while they are taken apart."""

    definitions: Mapping[str, JsonObject]
    parsed: dict[str, _Scope] = field(default_factory=dict)
    found: dict[str, EditorNode] = field(default_factory=dict)
    waiting: deque[tuple[_Scope, str, int]] = field(default_factory=deque)
    groups: int = 0

    def take(self, node: EditorNode, depth: int) -> None:
        """Add a node, or the passages into what is inside it."""
        inside = self._inside(node) if node.is_running and depth < MAX_DEPTH else None
        if inside is None:
            self.found.setdefault(node.key, node)
            return
        entrance = f"{node.key}:{ENTRANCE}"
        self.found[entrance] = EditorNode(key=entrance, scope=node.scope, kind=PASSAGE, slots=_given(node, inside))
        self.found[node.key] = EditorNode(key=node.key, scope=f"{node.key}:", kind=PASSAGE, slots=inside.exits)
        self.waiting.append((inside, f"{node.key}:", depth + 1))

    def _inside(self, node: EditorNode) -> _Scope | None:
        definition = self.definitions.get(node.kind)
        if definition is None:
            return None
        if node.kind.startswith(GROUP_PREFIXES):
            self.groups += 1
            return None if self.groups > MAX_GROUPS else _scope_of(ungrouped(node, definition))
        if node.kind not in self.parsed:
            self.parsed[node.kind] = _scope_of(definition)
        return self.parsed[node.kind]


def flat(workflow: JsonObject) -> Flat:
    """Take a workflow apart.

    Args:
        workflow: The editor's graph.

    Returns:
        Its nodes, at most about `MAX_NODES`.
    """
    walk = _Walk(definitions=_definitions(workflow), waiting=deque([(_scope_of(workflow), "", 0)]))
    while walk.waiting:
        scope, prefix, depth = walk.waiting.popleft()
        for node in scope.nodes:
            if len(walk.found) >= MAX_NODES:
                return Flat(nodes=walk.found, is_cut=True)
            walk.take(replace(node, key=prefix + node.key, scope=prefix), depth)
    return Flat(nodes=walk.found, is_cut=False)


def _definitions(workflow: JsonObject) -> dict[str, JsonObject]:
    """Return what is inside the nodes that have nodes inside, by their kind."""
    subgraphs = loose.items(loose.members(workflow.get("definitions")).get("subgraphs"))
    found = {id_of(loose.members(each).get("id")): loose.members(each) for each in subgraphs}
    for name, group in loose.members(loose.members(workflow.get("extra")).get("groupNodes")).items():
        found |= {prefix + name: loose.members(group) for prefix in GROUP_PREFIXES}
    return {kind: definition for kind, definition in found.items() if kind and definition}


def _scope_of(scope: JsonObject) -> _Scope:
    exits = {slot: (origin, output) for _, origin, output, target, slot in ends_of(scope) if target == EXIT}
    inputs = islice(loose.items(scope.get("inputs")), MAX_SLOTS)
    return _Scope(
        nodes=tuple(nodes_of(scope, MAX_NODES + 1)),
        inputs=tuple(loose.text(loose.members(each).get("name")) for each in inputs),
        exits=tuple(Slot(name="", origin=exits.get(at)) for at in range(min(max(exits, default=-1) + 1, MAX_SLOTS))),
    )


def _given(node: EditorNode, inside: _Scope) -> tuple[Slot, ...]:
    """Return what a node gives to the inputs of its subgraph: by their names, else in their order."""
    named = {slot.name: slot for slot in node.slots}
    values = widgets_of(node).values
    given = []
    for at, name in enumerate(inside.inputs or tuple(named)):
        slot = named.get(name) or (node.slots[at] if at < len(node.slots) else Slot(name=name))
        given.append(replace(slot, literal=values.get(slot.widget) if slot.widget else None))
    return tuple(given)
