"""A family drawn: as a tree of lines, as JSON lines, or for Graphviz.  Lines come one by one, whatever their number.

Ancestors that are in no file are shown as "· 3 rounds"; only JSON has each of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from latentpng.chunk.strict_json import json_text
from latentpng.record import JsonObject
from latentpng.reports.family import ROOT, Family, Node
from latentpng.shapes import default_axes
from latentpng.text import plain

_FILES_SHOWN = 4
_DEEPEST = 24  # columns of a tree: what is deeper goes on below it


@dataclass(frozen=True, kw_only=True, slots=True)
class Strokes:
    """What a tree is drawn with: before a child, before the last one, below each, and the sign of an empty node."""

    child: str
    last: str
    beside: str
    below: str
    dot: str
    cut: str


BOXES = Strokes(child="├─ ", last="└─ ", beside="│  ", below="   ", dot="·", cut="↓")
ASCII = Strokes(child="|- ", last="`- ", beside="|  ", below="   ", dot="*", cut="v")


def strokes_for(encoding: str | None) -> Strokes:
    """Boxes where the output has them."""
    try:
        "".join((BOXES.child, BOXES.last, BOXES.beside, BOXES.dot, BOXES.cut)).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return BOXES


def tree_lines(family: Family, strokes: Strokes) -> Iterator[str]:
    """The trees of a family, for people."""
    children = family.children()
    parts = 0
    for root in [place for place, node in enumerate(family.nodes) if node.parent == ROOT]:
        waiting = deque([(root, "")])
        while waiting:
            place, heading = waiting.popleft()
            stack = [(place, heading, "", 0)]
            while stack:
                place, lead, below, level = stack.pop()
                last, label = _shown(family, children, place, strokes)
                inner = children[last]
                if inner and level == _DEEPEST:
                    parts += 1
                    waiting.append((place, f"{strokes.cut} {parts}  "))
                    yield f"{lead}{label}  {strokes.cut} {parts}"
                    continue
                yield lead + label
                for child in reversed(inner):
                    is_last = child == inner[-1]
                    stroke, space = (strokes.last, strokes.below) if is_last else (strokes.child, strokes.beside)
                    stack.append((child, below + stroke, below + space, level + 1))


def json_lines(family: Family) -> Iterator[str]:
    """One node a line, parents first: `id`, `parent` ("" for a root), `files`, `noise`, `dims`, and root or round."""
    for node in family.nodes:
        told: JsonObject = {"root": node.told, "axes": node.axes} if node.rounds == 0 else {"round": node.told}
        entries = {
            **told,
            "dims": node.dims,
            "files": [file.encode("utf-8", "replace").decode() for file in node.files],
            "id": node.name,
            "noise": node.digest,
            "parent": "" if node.parent == ROOT else family.nodes[node.parent].name,
            "rounds": node.rounds,
        }
        yield json_text(entries).replace("\x7f", "\\u007f")


def dot_lines(family: Family, strokes: Strokes) -> Iterator[str]:
    """A digraph in the language of Graphviz; ancestors that are in no file are dashed."""
    children = family.children()
    yield "digraph family {"
    yield "  node [shape=box];"
    stack = [(place, ROOT) for place, node in enumerate(family.nodes) if node.parent == ROOT]
    while stack:
        place, parent = stack.pop()
        last, label = _shown(family, children, place, strokes)
        style = "" if family.nodes[last].files else ", style=dashed"
        yield f'  n{last} [label="{_escaped(label)}"{style}];'
        if parent != ROOT:
            yield f"  n{parent} -> n{last};"
        stack.extend((child, last) for child in children[last])
    yield "}"


def round_text(entry: JsonObject) -> str:
    """What a round did, in few words; its seed, bands and region stay out."""
    marks = entry["marks"]
    chosen = " + ".join(map(str, marks)) if isinstance(marks, list) else ""
    moved = [name for name in ("bands", "region") if entry.get(name)]
    moved += [f"prompt scale {entry['prompt_scale']:g}"] if entry.get("prompt_scale") else []
    return ", ".join([f"candidate {chosen} of {entry['of']}", f"scale {entry['scale']:g}", *moved])


def _shown(family: Family, children: list[list[int]], place: int, strokes: Strokes) -> tuple[int, str]:
    """Where a line of empty nodes that starts here ends, and what stands for it; a node that has something to say."""
    node = family.nodes[place]
    if node.parent == ROOT:
        names = _names(node)
        return place, _root_text(node) + (f": {names}" if names else "")
    if node.files:
        return place, f"{_names(node)} (round {node.rounds}: {round_text(node.told)})"
    count = 1
    while len(children[place]) == 1 and not family.nodes[children[place][0]].files:
        place, count = children[place][0], count + 1
    return place, f"{strokes.dot} {count:,} {'round' if count == 1 else 'rounds'}"


def _root_text(node: Node) -> str:
    seed = node.told.get("seed")
    start = f"seed {seed}" if isinstance(seed, str) else f"noise {node.digest[:12]}"
    axes = "" if node.axes == default_axes(len(node.dims)) else f" {node.axes}"
    return f"{start}, {' x '.join(map(str, node.dims))}{axes}"


def _names(node: Node) -> str:
    names = ", ".join(map(plain, node.files[:_FILES_SHOWN]))
    more = len(node.files) - _FILES_SHOWN
    return f"{names} and {more:,} more" if more > 0 else names


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"')
