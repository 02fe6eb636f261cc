"""The family of many pictures, from their lineages alone: shared roots, shared rounds, the same noise.

Looks at no file and no tensor, and takes every lineage at its word (`verify` does not).  Where files lie about the
digests of their noise a node may stand in the wrong place, but what comes out is a forest always: no circles.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias, cast

from latentpng.chunk.header import Front
from latentpng.record import Json, JsonObject
from latentpng.shapes import default_axes

Rule: TypeAlias = tuple[Json | tuple[float, ...], ...]  # all that decides where a round leads: settings do not
Noise: TypeAlias = tuple[str, tuple[int, ...], bytes]  # SHA-256, dims, and where the prompt was moved to

ROOT = -1  # the parent of a root


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """One state of noise, and of the prompt where a round moved it: a root, or where a round led.

    parent: its place in the family's nodes, before this one; ROOT for a root.
    name: SHA-256 (hex) over root and rounds: the same in every folder and on every machine.
    told: the root or the round as a file tells it.  rounds: how many lead here from the root of that lineage.
    files: the pictures of this noise, in the order they came in; () for an ancestor that is in no file.
    digest: SHA-256 (hex) of the noise, "" where no file tells it.
    """

    parent: int
    name: str
    told: JsonObject
    rounds: int
    dims: tuple[int, ...]
    axes: str
    files: tuple[str, ...]
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """nodes: parents before their children.  ends: for each picture, in order, the place of its node."""

    nodes: tuple[Node, ...]
    ends: tuple[int, ...]

    def children(self) -> list[list[int]]:
        """The places of each node's children."""
        children: list[list[int]] = [[] for _ in self.nodes]
        for place, node in enumerate(self.nodes):
            if node.parent != ROOT:
                children[node.parent].append(place)
        return children


def family_of(pictures: Iterable[tuple[str, Front]]) -> Family:
    """The family of these files.  Their metadata must be known (`Front.is_known`)."""
    states = _States()
    ends = [states.add(file, front) for file, front in pictures]
    ranks = states.ranks()
    same = states.same_noise(ranks)
    order = [state for state in sorted(range(len(ranks)), key=ranks.__getitem__) if same.get(state, state) == state]
    parents = {state: same.get(parent, parent) for state in order if (parent := states.parents[state]) != ROOT}
    ends = [same.get(end, end) for end in ends]
    files: dict[int, list[str]] = defaultdict(list)
    for end, file in zip(ends, states.files, strict=True):
        files[end].append(file)
    wanted = set(files)
    for state in reversed(order):
        if state in wanted and state in parents:
            wanted.add(parents[state])
    order = [state for state in order if state in wanted]
    places = {state: place for place, state in enumerate(order)}
    nodes = [states.node(state, places.get(parents.get(state, ROOT), ROOT), tuple(files[state])) for state in order]
    return Family(nodes=tuple(nodes), ends=tuple(places[end] for end in ends))


class _States:
    """All states of all lineages, each once; a state's number is its place in these lists."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.parents: list[int] = []
        self._trees: list[int] = []  # the root of each
        self._depths: list[int] = []
        self._told: list[JsonObject] = []
        self._names: list[bytes] = []
        self._numbers: dict[tuple[int, Rule], int] = {}
        self._shapes: dict[int, tuple[tuple[int, ...], str]] = {}  # of a root
        self._roots_of: dict[int, Noise] = {}  # the noise of a tensor root
        self._digests: dict[int, str] = {}
        self._prompts: list[bytes] = []  # what moved the prompt, up to each; b"" where nothing did
        self._alike: dict[Noise, list[int]] = defaultdict(list)

    def add(self, file: str, front: Front) -> int:
        """A picture's lineage; the number of its last state."""
        metadata, dims = front.metadata, front.dims
        root = cast("JsonObject", metadata["root"])
        axes = cast("str", metadata.get("axes", default_axes(len(dims))))
        stored = "" if "seed" in root else front.digest
        state = self._number(ROOT, (root.get("seed", ""), stored, dims, axes), root)
        self._shapes.setdefault(state, (dims, axes))
        if stored:
            self._tell(state, stored, dims)
            self._roots_of[state] = (stored, dims, b"")
        for round_ in cast("list[JsonObject]", metadata["rounds"]):
            state = self._number(state, _rule(round_), round_)
        self._tell(state, cast("str", metadata["node"]), dims)
        self.files.append(file)
        return state

    def ranks(self) -> list[tuple[int, int, int]]:
        """Where each state stands: below all that it may become a child of.

        A tensor root whose noise is another lineage's state has its whole tree behind that tree, unless that would
        close a circle.
        """
        hosts = self._hosts()
        leaders = list(range(len(self.parents)))  # union-find over the roots of trees
        guests: dict[int, list[int]] = defaultdict(list)
        waiting: list[int] = []
        for tree in [state for state, parent in enumerate(self.parents) if parent == ROOT]:
            host = self._trees[hosts[tree]] if tree in hosts else ROOT
            if host == ROOT or _leader(leaders, host) == tree:
                waiting.append(tree)
            else:
                leaders[tree] = host
                guests[host].append(tree)
        positions: dict[int, int] = {}
        waiting.reverse()
        while waiting:
            tree = waiting.pop()
            positions[tree] = len(positions)
            waiting.extend(reversed(guests[tree]))
        return [
            (positions[tree], depth, state)
            for state, (tree, depth) in enumerate(zip(self._trees, self._depths, strict=True))
        ]

    def same_noise(self, ranks: list[tuple[int, int, int]]) -> dict[int, int]:
        """Of states with the same noise, the one that stands for all: that of the lowest rank, so no circle closes."""
        same: dict[int, int] = {}
        for alike in self._alike.values():
            same.update(dict.fromkeys(alike, min(alike, key=ranks.__getitem__)))
        return same

    def node(self, state: int, parent: int, files: tuple[str, ...]) -> Node:
        """A state as a frozen value."""
        dims, axes = self._shapes[self._trees[state]]
        return Node(
            parent=parent,
            name=self._names[state].hex(),
            told=self._told[state],
            rounds=self._depths[state],
            dims=dims,
            axes=axes,
            files=files,
            digest=self._digests.get(state, ""),
        )

    def _number(self, parent: int, rule: Rule, told: JsonObject) -> int:
        number = self._numbers.setdefault((parent, rule), len(self.parents))
        if number == len(self.parents):
            self.parents.append(parent)
            self._trees.append(number if parent == ROOT else self._trees[parent])
            self._depths.append(0 if parent == ROOT else self._depths[parent] + 1)
            self._told.append(told)
            before = b"" if parent == ROOT else self._names[parent]
            self._names.append(hashlib.sha256(before + repr(rule).encode()).digest())
            prompt = b"" if parent == ROOT else self._prompts[parent]
            move = _prompt_move(told)
            self._prompts.append(hashlib.sha256(prompt + repr(move).encode()).digest() if move else prompt)
        return number

    def _tell(self, state: int, digest: str, dims: tuple[int, ...]) -> None:
        """The noise of a state, as a file tells it; the first file counts."""
        if state not in self._digests:
            self._digests[state] = digest
            self._alike[digest, dims, self._prompts[state]].append(state)

    def _hosts(self) -> dict[int, int]:
        """For tensor roots, the state of another tree that has their noise: the nearest to a seed."""
        hosts: dict[int, int] = {}
        for noise in set(self._roots_of.values()):
            alike = sorted(self._alike[noise], key=self._distance)
            best = self._trees[alike[0]]
            second = next((state for state in alike if self._trees[state] != best), ROOT)
            hosts |= {root: second if root == best else alike[0] for root in alike if root in self._roots_of}
        return {root: host for root, host in hosts.items() if host != ROOT}

    def _distance(self, state: int) -> tuple[bool, int]:
        return self._trees[state] in self._roots_of, self._depths[state]


def _rule(round_: JsonObject) -> Rule:
    numbers = cast("list[float]", round_.get("bands", ()))
    scale, marks = cast("float", round_["scale"]), cast("list[int]", round_["marks"])
    bands = tuple([float(band) for band in numbers])
    rule = (round_["seed"], float(scale) + 0.0, round_["of"], tuple(marks), bands, round_.get("region", ""))
    move = _prompt_move(round_)
    return (*rule, move[1]) if move else rule


def _prompt_move(told: JsonObject) -> Rule:
    """All that decides where a round moves the prompt; () for one that does not, and for a root."""
    scale = cast("float", told.get("prompt_scale", 0.0))
    if not scale or "marks" not in told:
        return ()
    return told["seed"], float(scale), told["of"], tuple(cast("list[int]", told["marks"]))


def _leader(leaders: list[int], tree: int) -> int:
    """The tree that this one hangs on in the end; the way there becomes shorter each time."""
    while leaders[tree] != tree:
        leaders[tree] = leaders[leaders[tree]]
        tree = leaders[tree]
    return tree
