"""A session as JSON, for the journal.

A node is written as its parent and its own rounds.  Keys, kinds and counts of picks follow from these and are computed
again, so that a file cannot contradict itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.search.axis import moves
from engine.search.history import NO_NODE, Node, NodeKind, Tree, size_of
from engine.search.journal_limits import check_nodes, check_work
from engine.search.state import Mode, Place, Session
from latentpng.chunk.metadata import root_from_json, root_to_json, round_from_json, round_to_json
from latentpng.errors import InvalidValueError
from latentpng.identity import Key, child_picture_key, picture_keys
from latentpng.json_fields import JsonFields, is_integer
from latentpng.record import GAUSS1, Json, Lineage, Round
from latentpng.rules import MAX_CANDIDATES, MAX_OCTAVES

MAX_PLACES = 1_000
"""Steps that undo and redo can still go after a session was continued."""


def session_to_json(session: Session) -> dict[str, Json]:
    """Return the JSON object of a session; of the ways back and forward, the nearest places."""
    root = session.tree.nodes[0].chain
    return {
        "noise": root.noise,
        "root": root_to_json(root.root),
        "nodes": [_node_to_json(node, session.tree) for node in session.tree.nodes],
        "place": _place_to_json(session.place),
        "past": [_place_to_json(place) for place in session.past[-MAX_PLACES:]],
        "future": [_place_to_json(place) for place in session.future[-MAX_PLACES:]],
        "offers": [_place_to_json(place) for place in session.offers.values()],
        "seed": str(session.seed),
        "octaves": session.octaves,
        "count": session.count,
        "mode": str(session.mode),
        "start": session.start,
        **({"varied": True} if session.is_varied else {}),
    }


def session_from_json(fields: JsonFields) -> Session:
    """Return the session of a JSON object.

    Raises:
        InvalidValueError: An entry is missing, wrong or too large.
    """
    nodes = fields.array("nodes")
    check_nodes(len(nodes))
    if fields.text("noise") != GAUSS1:
        raise InvalidValueError(f"noise of the kind {GAUSS1!r} is known here")
    root = fields.mapping("root")
    if "seed" not in root and root.get("tensor") is not True:
        raise InvalidValueError("root: a seed or a tensor needed, found neither")
    tree = _tree(Lineage(root=root_from_json(root)), [_entry(node, "node") for node in nodes])
    mode = fields.text("mode")
    if mode not in tuple(Mode):
        raise InvalidValueError(f"mode is one of {', '.join(Mode)}")
    return Session(
        tree=tree,
        place=_place(_entry(fields.mapping("place"), "place"), tree),
        seed=fields.seed("seed"),
        octaves=_within(fields, "octaves", 0, MAX_OCTAVES),
        count=_within(fields, "count", 1, MAX_CANDIDATES),
        mode=Mode(mode),
        is_varied=fields.boolean("varied", False),
        start=_within(fields, "start", 0, len(nodes) - 1),
        past=_places(fields, "past", tree, MAX_PLACES),
        future=_places(fields, "future", tree, MAX_PLACES),
        offers={place.node: place for place in _places(fields, "offers", tree, len(nodes))},
    )


def _node_to_json(node: Node, tree: Tree) -> dict[str, Json]:
    first = tree.nodes[node.parent].rounds if node.parent != NO_NODE else 0
    rounds = [round_to_json(round_) for round_ in node.chain.rounds[first : node.rounds]]
    entries: dict[str, Json] = {"parent": node.parent, "rounds": rounds}
    return entries | ({"starred": True} if node.is_starred else {})


def _place_to_json(place: Place) -> dict[str, Json]:
    entries: dict[str, Json] = {"node": place.node, "round": round_to_json(place.template)}
    offered: dict[str, Json] = {"offered": list(place.offered)} if place.offered else {}
    return entries | offered | ({"undecided": True} if place.is_undecided else {})


def _tree(root: Lineage, entries: Sequence[JsonFields]) -> Tree:
    """Return the tree of its written nodes; InvalidValueError when they are none."""
    parents, steps = [], []
    for index, fields in enumerate(entries):
        parent = fields.integer("parent")
        step = tuple(map(round_from_json, fields.array("rounds")))
        is_root = index == 0
        if (parent, step) != (NO_NODE, ()) if is_root else not (0 <= parent < index and step):
            raise InvalidValueError(f"node {index} does not follow from a node before it")
        parents.append(parent)
        steps.append(step)
    chains = _chains(root, parents, steps)
    nodes = [Node(key=picture_keys(root)[0], chain=chains[0], rounds=0, is_starred=_is_starred(entries[0]))]
    for index in range(1, len(entries)):
        nodes.append(_node(nodes, parents[index], steps[index], chains[index], _is_starred(entries[index])))
    if len({node.key for node in nodes}) != len(nodes):
        raise InvalidValueError("two nodes are the same picture")
    return Tree(nodes=tuple(nodes))


def _node(nodes: list[Node], parent: int, step: tuple[Round, ...], chain: Lineage, is_starred: bool) -> Node:
    before = nodes[parent]
    key: Key = before.key
    for round_ in step:
        key = child_picture_key(key, round_)
    is_pick = moves(step[-1])
    return Node(
        key=key,
        chain=chain,
        rounds=before.rounds + len(step),
        parent=parent,
        kind=NodeKind.PICK if is_pick else NodeKind.EDIT,
        picks=before.picks + int(is_pick),
        size=before.size + size_of(step),
        is_starred=is_starred,
    )


# Nodes along one way share the lineage of its end: a lineage for every node would take memory that grows with the
# square of the number of picks.
def _chains(root: Lineage, parents: list[int], steps: list[tuple[Round, ...]]) -> list[Lineage]:
    """Return for each node a lineage that begins with its own."""
    chains: list[Lineage | None] = [None] * len(parents)
    work = 0
    for leaf in reversed(range(len(parents))):
        if chains[leaf] is not None:
            continue
        way = []
        node = leaf
        while node != NO_NODE:
            way.append(node)
            node = parents[node]
        work += len(way) + sum(len(steps[node]) for node in way)
        check_work(work)
        chain = Lineage(root=root.root, rounds=tuple(round_ for node in reversed(way) for round_ in steps[node]))
        for node in way:
            chains[node] = chains[node] or chain
    return [chain for chain in chains if chain is not None]


def _place(fields: JsonFields, tree: Tree) -> Place:
    template = _moving(round_from_json(fields.mapping("round")))
    return Place(
        node=_within(fields, "node", 0, len(tree.nodes) - 1),
        template=template,
        offered=_offered(fields, template),
        is_undecided=fields.boolean("undecided", False),
    )


def _offered(fields: JsonFields, template: Round) -> tuple[int, ...]:
    entries = fields.array("offered", [])
    offered = tuple(mark for mark in entries if is_integer(mark))
    if len(set(offered)) != len(entries) or not all(0 <= mark < template.of for mark in offered):
        raise InvalidValueError(f"offered: candidates below {template.of}, each once")
    return offered


def _places(fields: JsonFields, name: str, tree: Tree, limit: int) -> tuple[Place, ...]:
    entries = fields.array(name)
    if len(entries) > limit:
        raise InvalidValueError(f"{name}: at most {limit} places, found {len(entries)}")
    return tuple(_place(_entry(entry, name), tree) for entry in entries)


def _moving(round_: Round) -> Round:
    if not moves(round_):
        raise InvalidValueError("a round on offer moves nothing")
    return round_


def _is_starred(fields: JsonFields) -> bool:
    return fields.boolean("starred", False)


def _entry(value: Json, name: str) -> JsonFields:
    return JsonFields(JsonFields({name: value}).mapping(name), f"{name}: ")


def _within(fields: JsonFields, name: str, least: int, most: int) -> int:
    value = fields.integer(name)
    if not least <= value <= most:
        raise InvalidValueError(f"{fields.context}{name} is a number from {least} to {most}, found {value}")
    return value
