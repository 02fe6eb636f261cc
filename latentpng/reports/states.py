"""The states that lineages pass through, and which of them have the same noise.

A state is a root, or what a round makes of the state before it.  It is found by all that decides its noise and its
prompt.  The settings of a round that moves something do not count; an edit, which moves nothing, is a state of its own.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TypeAlias, cast

from latentpng.chunk.header import Front
from latentpng.chunk.validate import round_values
from latentpng.identity import Key, Rule, child_key, edit_rule, prompt_rule, root_rule, state_rule
from latentpng.record import JsonObject
from latentpng.shapes import default_axes

Noise: TypeAlias = tuple[
    str, tuple[int, ...], bytes
]  # SHA-256, dims, and a digest of what moved the prompt or edited the settings

ROOT = -1  # the parent of a root


class States:
    """All states of all lineages, each once; the number of a state is its index in these lists.

    Attributes:
        files: The pictures, in the order in which they came.
        parents: The parent of each state, ROOT for a root.
        depths: The number of rounds from the root to each state.
        entries: The root or the round that leads to each state, as the metadata of a file has it.
        names: SHA-256 over the root and the rounds that lead to each state.
        digests: SHA-256 (hex) of the noise of those states whose noise a file records.
    """

    def __init__(self) -> None:
        self.files: list[str] = []
        self.parents: list[int] = []
        self.depths: list[int] = []
        self.entries: list[JsonObject] = []
        self.names: list[Key] = []
        self.digests: dict[int, str] = {}
        self._trees: list[int] = []  # the root of each state
        self._numbers: dict[tuple[int, Rule], int] = {}
        self._shapes: dict[int, tuple[tuple[int, ...], str]] = {}  # of each root
        self._tensor_roots: dict[int, Noise] = {}  # the noise of each tensor root
        self._prompts: list[bytes] = []  # a digest of the rounds that moved the prompt or are edits; b"" without any
        self._alike: dict[Noise, list[int]] = defaultdict(list)

    def add(self, file: str, front: Front) -> int:
        """Add the lineage of a picture and return the number of its last state."""
        metadata, dims = front.metadata, front.dims
        root = cast("JsonObject", metadata["root"])
        axes = cast("str", metadata.get("axes", default_axes(len(dims))))
        stored = "" if "seed" in root else front.digest
        state = self._number(ROOT, root_rule(cast("str", root.get("seed", "")), stored, dims, axes), root, ())
        self._shapes.setdefault(state, (dims, axes))
        if stored:
            self._set_digest(state, stored, dims)
            self._tensor_roots[state] = (stored, dims, b"")
        for round_ in cast("list[JsonObject]", metadata["rounds"]):
            values, seed = round_values(round_), cast("str", round_["seed"])
            edit = edit_rule(cast("JsonObject", round_.get("settings", {})), values)
            rule = (*state_rule(seed, values), *edit)
            state = self._number(state, rule, round_, edit or prompt_rule(seed, values))
        self._set_digest(state, cast("str", metadata["node"]), dims)
        self.files.append(file)
        return state

    def ranks(self) -> list[tuple[int, int, int]]:
        """Return a rank for each state that is higher than the rank of every state it may become a child of.

        A tensor root may have the noise of a state in another tree, its host: then its picture was imported from there.
        Its whole tree ranks behind the tree of its host, unless that would close a cycle: two trees may claim to come
        from each other.  Union-find over the trees tells whether the host already stands behind this tree.
        """
        hosts = self._hosts()
        leaders = list(range(len(self.parents)))  # of the union-find
        guests: dict[int, list[int]] = defaultdict(list)
        stack: list[int] = []
        for tree in [state for state, parent in enumerate(self.parents) if parent == ROOT]:
            host = self._trees[hosts[tree]] if tree in hosts else ROOT
            if host == ROOT or _leader(leaders, host) == tree:
                stack.append(tree)
            else:
                leaders[tree] = host
                guests[host].append(tree)
        positions: dict[int, int] = {}
        stack.reverse()
        while stack:
            tree = stack.pop()
            positions[tree] = len(positions)
            stack.extend(reversed(guests[tree]))
        return [
            (positions[tree], depth, state)
            for state, (tree, depth) in enumerate(zip(self._trees, self.depths, strict=True))
        ]

    def same_noise(self, ranks: list[tuple[int, int, int]]) -> dict[int, int]:
        """Map each state with a known noise to the one that replaces all states with this noise.

        That is the state of the lowest rank, so that merging cannot close a cycle.
        """
        same: dict[int, int] = {}
        for alike in self._alike.values():
            same.update(dict.fromkeys(alike, min(alike, key=ranks.__getitem__)))
        return same

    def shape(self, state: int) -> tuple[tuple[int, ...], str]:
        """Return the dims and the axes of a state's noise."""
        return self._shapes[self._trees[state]]

    def _number(self, parent: int, rule: Rule, entry: JsonObject, move: Rule) -> int:
        """Return the number of the state that a rule leads to, and add the state if it is new.

        Args:
            parent: The number of its parent, ROOT for a root.
            rule: All that decides its noise, its prompt and, for an edit, its settings.
            entry: The root or the round as the metadata of a file has it.
            move: All that decides where the round moves the prompt, or what it edits; () if it does neither.
        """
        number = self._numbers.setdefault((parent, rule), len(self.parents))
        if number == len(self.parents):
            self.parents.append(parent)
            self._trees.append(number if parent == ROOT else self._trees[parent])
            self.depths.append(0 if parent == ROOT else self.depths[parent] + 1)
            self.entries.append(entry)
            before = b"" if parent == ROOT else self.names[parent]
            self.names.append(child_key(before, rule))
            prompt = b"" if parent == ROOT else self._prompts[parent]
            self._prompts.append(child_key(prompt, move) if move else prompt)
        return number

    def _set_digest(self, state: int, digest: str, dims: tuple[int, ...]) -> None:
        """Set the digest of a state's noise as a file records it; the first file counts."""
        if state not in self.digests:
            self.digests[state] = digest
            self._alike[digest, dims, self._prompts[state]].append(state)

    def _hosts(self) -> dict[int, int]:
        """Map tensor roots to the state of another tree with the same noise; the nearest to a seed root is chosen."""
        hosts: dict[int, int] = {}
        for noise in set(self._tensor_roots.values()):
            alike = sorted(self._alike[noise], key=self._distance)
            best = self._trees[alike[0]]
            second = next((state for state in alike if self._trees[state] != best), ROOT)
            hosts |= {root: second if root == best else alike[0] for root in alike if root in self._tensor_roots}
        return {root: host for root, host in hosts.items() if host != ROOT}

    def _distance(self, state: int) -> tuple[bool, int]:
        """Order states: those of seed roots first, then by the number of rounds."""
        return self._trees[state] in self._tensor_roots, self.depths[state]


def _leader(leaders: list[int], tree: int) -> int:
    """Return the tree at the end of a chain of leaders, and halve the path on the way."""
    while leaders[tree] != tree:
        leaders[tree] = leaders[leaders[tree]]
        tree = leaders[tree]
    return tree
