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
from latentpng.foreign.tools.comfyui.widgets import CONTROLS
from latentpng.record import Json, JsonObject

MAX_NODES = 2**14
MAX_DEPTH = 16
MAX_PASSED = 2**16  # inputs of all subgraphs together
MAX_GROUPS = 64  # group nodes that are taken apart
PASSAGE = "\0passage"
"""The kind of a node that only leads on."""
ENTRANCE, EXIT = "-10", "-20"
"""The IDs that stand for the inputs and the outputs of a subgraph in its links."""
_ITSELF = "-1"
_WIDGET_KINDS = frozenset({"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"})
_GROUP_PREFIXES = ("workflow/", "workflow>")


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
    inputs: tuple[Slot, ...]
    exits: tuple[Slot, ...]


@dataclass(kw_only=True, slots=True)
class _Walk:
    """The walk through all scopes; it grows while they are taken apart."""

    definitions: Mapping[str, JsonObject]
    parsed: dict[str, _Scope] = field(default_factory=dict)
    found: dict[str, EditorNode] = field(default_factory=dict)
    waiting: deque[tuple[_Scope, str, int]] = field(default_factory=deque)
    groups: int = 0
    passed: int = 0

    def take(self, node: EditorNode, depth: int) -> None:
        """Add a node, or the passages into what is inside it."""
        inside = self._inside(node) if node.is_running and depth < MAX_DEPTH else None
        if inside is None:
            self.found.setdefault(node.key, node)
            return
        entrance = f"{node.key}:{ENTRANCE}"
        self.passed += len(inside.inputs)
        self.found[entrance] = EditorNode(key=entrance, scope=node.scope, kind=PASSAGE, slots=_given(node, inside))
        self.found[node.key] = EditorNode(key=node.key, scope=f"{node.key}:", kind=PASSAGE, slots=inside.exits)
        self.waiting.append((inside, f"{node.key}:", depth + 1))

    def _inside(self, node: EditorNode) -> _Scope | None:
        definition = self.definitions.get(node.kind)
        if definition is None:
            return None
        if node.kind.startswith(_GROUP_PREFIXES):
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
            if len(walk.found) >= MAX_NODES or walk.passed >= MAX_PASSED:
                return Flat(nodes=walk.found, is_cut=True)
            walk.take(replace(node, key=prefix + node.key, scope=prefix) if prefix else node, depth)
    return Flat(nodes=walk.found, is_cut=False)


def _definitions(workflow: JsonObject) -> dict[str, JsonObject]:
    """Return what is inside the nodes that have nodes inside, by their kind."""
    subgraphs = loose.items(loose.members(workflow.get("definitions")).get("subgraphs"))
    found = {id_of(loose.members(each).get("id")): loose.members(each) for each in subgraphs}
    for name, group in loose.members(loose.members(workflow.get("extra")).get("groupNodes")).items():
        found |= {prefix + name: loose.members(group) for prefix in _GROUP_PREFIXES}
    return {kind: definition for kind, definition in found.items() if kind and definition}


def _scope_of(scope: JsonObject) -> _Scope:
    exits = {slot: (origin, output) for _, origin, output, target, slot in ends_of(scope) if target == EXIT}
    inputs = map(loose.members, islice(loose.items(scope.get("inputs")), MAX_SLOTS))
    return _Scope(
        nodes=tuple(nodes_of(scope, MAX_NODES + 1)),
        inputs=tuple(Slot(name=loose.text(each.get("name")), kind=loose.text(each.get("type"))) for each in inputs),
        exits=tuple(Slot(name="", origin=exits.get(at)) for at in range(min(max(exits, default=-1) + 1, MAX_SLOTS))),
    )


def _given(node: EditorNode, inside: _Scope) -> tuple[Slot, ...]:
    """Return what a node gives to the inputs of its subgraph: by their names, else in their order."""
    named = {slot.name: slot for slot in node.slots}
    values = _promoted(node, inside)
    given = []
    for at, inner in enumerate(inside.inputs):
        slot = named.get(inner.name) or (node.slots[at] if not named and at < len(node.slots) else inner)
        literal = values.get(inner.name)
        given.append(slot if literal is slot.literal else replace(slot, literal=literal))
    return tuple(given)


def _promoted(node: EditorNode, inside: _Scope) -> dict[str, Json]:
    """Return the values that a node has for the inputs of its subgraph.

    Editors list the names in `proxyWidgets`, where -1 stands for the node itself; newer ones store a value for each
    input that can be a widget. Values without such an order are those that the nodes inside have, too.
    """
    values = [value for value in loose.items(node.values) if loose.text(value) not in CONTROLS]
    proxies = [loose.items(each) for each in islice(loose.items(node.proxies), MAX_SLOTS)]
    pairs = [(id_of(each[0]), loose.text(each[1])) for each in proxies if len(each) > 1]
    own = [(identifier, name) for identifier, name in pairs if identifier == _ITSELF]
    if own and len(values) not in (len(pairs), len(own)):
        return {}
    if own:
        listed = pairs if len(values) == len(pairs) else own
        return {name: value for (identifier, name), value in zip(listed, values, strict=True) if identifier == _ITSELF}
    for slots in (inside.inputs, node.slots):
        names = [slot.name for slot in slots if slot.widget or (slots is inside.inputs and slot.kind in _WIDGET_KINDS)]
        if len(names) == len(values):
            return dict(zip(names, values, strict=True))
    return {}
