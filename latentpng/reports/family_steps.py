"""The steps of a family: which nodes belong to one pick by region, and the tree in which such a pick is one node.

The states between the rounds of one pick are nodes of the family like any other, because two picks may share the first
of them.  Nobody saw them, so a drawing shows them only where a picture has that very noise.
"""

from __future__ import annotations

from dataclasses import dataclass

from latentpng.chunk.metadata import round_from_json
from latentpng.reports.family import Family
from latentpng.reports.states import ROOT
from latentpng.steps import belongs_to


@dataclass(frozen=True, kw_only=True, slots=True)
class FamilySteps:
    """The steps that lead to the nodes of a family, by the index of the node.

    Attributes:
        steps: The nodes of the step so far that each node belongs to, itself the last one; a root alone.
        numbers: The number of steps from the root; the nodes of one step share it.
        children: The children of each node in a drawing.  A node that only stands between two rounds of a step is left
            out: it has no children and is nobody's child, what came from it came from the picture before the step.
        lengths: The number of rounds from the parent of each node in a drawing to the node.
    """

    steps: tuple[tuple[int, ...], ...]
    numbers: tuple[int, ...]
    children: tuple[tuple[int, ...], ...]
    lengths: tuple[int, ...]


def family_steps(family: Family) -> FamilySteps:
    """Return the steps of a family."""
    steps: list[tuple[int, ...]] = []
    numbers: list[int] = []
    for index, node in enumerate(family.nodes):
        before = steps[node.parent] if node.parent != ROOT else ()
        goes_on = _goes_on(family, before, index)
        steps.append((*before, index) if goes_on else (index,))
        numbers.append(numbers[node.parent] + (not goes_on) if before else 0)
    children, lengths = _drawn(family, steps)
    return FamilySteps(steps=tuple(steps), numbers=tuple(numbers), children=children, lengths=lengths)


def _goes_on(family: Family, step: tuple[int, ...], index: int) -> bool:
    """Return whether a node belongs to the step of the nodes before it; most entries are not made into values."""
    entries = [family.nodes[member].entry for member in (*step, index)]
    if len(entries) < 2 or not all(entry.get("region") for entry in entries):
        return False
    *rounds, last = map(round_from_json, entries)
    return belongs_to(last, rounds)


def _drawn(family: Family, steps: list[tuple[int, ...]]) -> tuple[tuple[tuple[int, ...], ...], tuple[int, ...]]:
    """Return the children of each node in a drawing, and how many rounds lead to each node from its parent there."""
    is_between = [
        bool(children) and not node.files and node.parent != ROOT and all(len(steps[child]) > 1 for child in children)
        for node, children in zip(family.nodes, family.children(), strict=True)
    ]
    drawn: list[list[int]] = [[] for _ in family.nodes]
    lengths = [0] * len(family.nodes)
    for index, node in enumerate(family.nodes):
        if node.parent == ROOT or is_between[index]:
            continue
        parent, length = node.parent, 1
        while is_between[parent]:
            parent, length = family.nodes[parent].parent, length + 1
        drawn[parent].append(index)
        lengths[index] = length
    return tuple(map(tuple, drawn)), tuple(lengths)
