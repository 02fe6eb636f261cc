"""A family drawn as a tree of lines, as JSON lines, or for Graphviz.  Lines are yielded one by one.

A chain of ancestors without pictures is shown as one node, such as "· 3 rounds"; only JSON has each of them.  An edit
is always shown, because it says what became different.  The rounds of a pick by region are one node.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from latentpng.chunk.strict_json import json_text
from latentpng.chunk.validate import round_values
from latentpng.identity import is_edit
from latentpng.record import JsonObject
from latentpng.regions import region_words
from latentpng.reports.edits import edit_text
from latentpng.reports.family import Family, Node
from latentpng.reports.family_steps import FamilySteps, family_steps
from latentpng.reports.show import step_name
from latentpng.reports.states import ROOT
from latentpng.shapes import default_axes
from latentpng.text import plain

_FILES_SHOWN = 4
_MAX_LEVEL = 24  # of indentation; a deeper subtree is drawn below the tree


@dataclass(frozen=True, kw_only=True, slots=True)
class Strokes:
    """The characters that a tree is drawn with.

    Attributes:
        child: Before a child that is followed by a sibling.
        last: Before the last child.
        beside: Below a child that is followed by a sibling.
        below: Below the last child.
        dot: For a chain of ancestors without pictures.
        cut: For a subtree that is drawn below the tree.
    """

    child: str
    last: str
    beside: str
    below: str
    dot: str
    cut: str


BOXES = Strokes(child="├─ ", last="└─ ", beside="│  ", below="   ", dot="·", cut="↓")
ASCII = Strokes(child="|- ", last="`- ", beside="|  ", below="   ", dot="*", cut="v")


def strokes_for(encoding: str | None) -> Strokes:
    """Return box-drawing characters if the encoding of the output has them, else ASCII."""
    try:
        "".join((BOXES.child, BOXES.last, BOXES.beside, BOXES.dot, BOXES.cut)).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return BOXES


def tree_lines(family: Family, strokes: Strokes) -> Iterator[str]:
    """Draw the trees of a family for people.

    A lineage may have thousands of rounds, so this walks the tree with a stack of its own instead of recursion.  At
    level 24 a subtree is replaced by a numbered mark, and drawn from the left edge under that mark.

    Yields:
        The lines, without line breaks and without control characters.
    """
    steps = family_steps(family)
    children = steps.children
    parts = 0
    for root in [index for index, node in enumerate(family.nodes) if node.parent == ROOT]:
        queue = deque([(root, "")])
        while queue:
            index, heading = queue.popleft()
            stack = [(index, heading, "", 0)]
            while stack:
                index, lead, below, level = stack.pop()
                last, label = _chain_end(family, steps, index, strokes)
                inner = children[last]
                if inner and level == _MAX_LEVEL:
                    parts += 1
                    queue.append((index, f"{strokes.cut} {parts}  "))
                    yield f"{lead}{label}  {strokes.cut} {parts}"
                    continue
                yield lead + label
                for child in reversed(inner):
                    is_last = child == inner[-1]
                    stroke, space = (strokes.last, strokes.below) if is_last else (strokes.child, strokes.beside)
                    stack.append((child, below + stroke, below + space, level + 1))


def json_lines(family: Family) -> Iterator[str]:
    """Format a family as JSON; `latentpng tree --help` lists the keys.

    Yields:
        One object for each node, parents before their children.
    """
    numbers = family_steps(family).numbers
    for node, number in zip(family.nodes, numbers, strict=True):
        own: JsonObject = {"root": node.entry, "axes": node.axes} if node.rounds == 0 else {"round": node.entry}
        entries = {
            **own,
            "dims": node.dims,
            "files": [file.encode("utf-8", "replace").decode() for file in node.files],
            "id": node.name,
            "noise": node.digest,
            "parent": "" if node.parent == ROOT else family.nodes[node.parent].name,
            "rounds": node.rounds,
            "step": number,
        }
        yield json_text(entries).replace("\x7f", "\\u007f")


def dot_lines(family: Family, strokes: Strokes) -> Iterator[str]:
    """Format a family as a digraph for Graphviz.

    Yields:
        The lines of the digraph.  Chains of ancestors without pictures are dashed nodes.
    """
    steps = family_steps(family)
    yield "digraph family {"
    yield "  node [shape=box];"
    stack = [(index, ROOT) for index, node in enumerate(family.nodes) if node.parent == ROOT]
    while stack:
        index, parent = stack.pop()
        last, label = _chain_end(family, steps, index, strokes)
        style = "" if family.nodes[last].files else ", style=dashed"
        yield f'  n{last} [label="{_escaped(label)}"{style}];'
        if parent != ROOT:
            yield f"  n{parent} -> n{last};"
        stack.extend((child, last) for child in steps.children[last])
    yield "}"


def step_text(entries: Sequence[JsonObject]) -> str:
    """Describe the rounds of a step briefly: seed and bands are left out, a region is named; an edit in plain words."""
    last = entries[-1]
    if _is_edit(last):
        return edit_text(_object(last, "settings"), _object(last, "before"))
    moved = ["bands"] if last.get("bands") else []
    moved += [f"prompt scale {last['prompt_scale']:g}"] if last.get("prompt_scale") else []
    candidates = "candidate" if len(entries) == 1 else "candidates"
    chosen = f"{candidates} {', '.join(map(_marks, entries))} of {last['of']}"
    return ", ".join([chosen, f"scale {last['scale']:g}", *moved])


def _marks(entry: JsonObject) -> str:
    marks, region = entry["marks"], entry.get("region")
    where = f" ({region_words(region)})" if isinstance(region, str) and region else ""
    return (" + ".join(map(str, marks)) if isinstance(marks, list) else "") + where


def _chain_end(family: Family, steps: FamilySteps, index: int, strokes: Strokes) -> tuple[int, str]:
    """Return the last node of the chain of ancestors without pictures that starts here, and the chain's label.

    A root, an edit, and a node with a picture, are shown by themselves.
    """
    node, step = family.nodes[index], steps.steps[index]
    if node.parent == ROOT:
        names = _names(node)
        return index, _root_text(node) + (f": {names}" if names else "")
    if node.files:
        name = step_name(node.rounds - len(step) + 1, node.rounds)
        return index, f"{_names(node)} ({name}: {step_text([family.nodes[member].entry for member in step])})"
    if _is_edit(node.entry):
        return index, f"{strokes.dot} {step_text([node.entry])}"
    count = steps.lengths[index]
    while len(steps.children[index]) == 1 and _is_plain(family.nodes[steps.children[index][0]]):
        index = steps.children[index][0]
        count += steps.lengths[index]
    return index, f"{strokes.dot} {count:,} {'round' if count == 1 else 'rounds'}"


def _is_plain(node: Node) -> bool:
    """Return whether a node may stand in the middle of a chain: it has no picture, and is no edit."""
    return not node.files and not _is_edit(node.entry)


def _is_edit(entry: JsonObject) -> bool:
    return is_edit(_object(entry, "settings"), round_values(entry))


def _object(entry: JsonObject, key: str) -> JsonObject:
    value = entry.get(key)
    return value if isinstance(value, Mapping) else {}


def _root_text(node: Node) -> str:
    seed = node.entry.get("seed")
    start = f"seed {seed}" if isinstance(seed, str) else f"noise {node.digest[:12]}"
    axes = "" if node.axes == default_axes(len(node.dims)) else f" {node.axes}"
    return f"{start}, {' x '.join(map(str, node.dims))}{axes}"


def _names(node: Node) -> str:
    names = ", ".join(map(plain, node.files[:_FILES_SHOWN]))
    more = len(node.files) - _FILES_SHOWN
    return f"{names} and {more:,} more" if more > 0 else names


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"')
