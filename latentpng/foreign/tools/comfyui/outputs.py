"""Follow links through the nodes that only pass values on: reroutes, switches, pipes, contexts, loaders and samplers.

What a link carries is told by the output that it starts at, where the order of a node's outputs is known
(`layouts.py`), and otherwise by the input at its end.  A value that was taken out of a pipe is looked up in the nodes
that put the pipe together, the last one first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui.graph import Graph, Node
from latentpng.foreign.tools.comfyui.layouts import (
    INPUTS,
    OBJECTS,
    PIPE,
    SIDES,
    outputs_of,
    own_name,
    pipes_of,
    plain,
    role_at,
)
from latentpng.foreign.tools.comfyui.switches import is_switch, passed_on
from latentpng.record import Json

_Place: TypeAlias = tuple[str, int, str]
"""The ID of a node, the index of one of its outputs, and the role of the value there."""

_MAX_LINKS = 256  # how far one value is followed
MAX_PLACES = 2**16  # that the values of one graph are followed through, or looked for in
_MAX_PIPES = 128  # nodes that one value is looked for in
_MAX_ALONG = 1024  # nodes of one chain
_VALUES = ("value", "int", "float", "number", "Number", "string", "String")
_BESIDE = ("control_after_generate", "width", "height", "batch_size")
_DRAWS = re.compile(r"^(?!easypre).*(sampl|detailer|hires|upscal|noisy|inpaint)")
_LOADS = re.compile(r"(?<!controlnet)(?<!modulepipe)loader")
_ENCODES = re.compile(rf"{_LOADS.pattern}|encode|prompt|^ttnconditioning$|^easypipeedit")


@dataclass(kw_only=True, slots=True)
class _Budget:
    """How many nodes may still be entered to look for values in pipes."""

    left: int = MAX_PLACES


def resolve(graph: Graph, value: Json, role: str) -> Json:
    """Return the link or literal that really makes a value.

    Args:
        graph: The graph of the picture.
        value: The value of an input: a literal, or a link to a node, to an output of a pipe, or to a pipe itself.
        role: What the value is needed for: "model", "clip", "vae", "positive", "negative", "latent", "image", "seed",
            "steps", "cfg", "sampler", "scheduler", "width", "height", "text", or the name of an input.

    Returns:
        A literal; or a link whose node makes the value; or None when nothing in the graph makes it.
    """
    return trace(graph, value, role)[0]


def trace(graph: Graph, value: Json, role: str) -> tuple[Json, str]:
    """Return what `resolve` returns, and the role that the value has there, such as "negative" for a crossed link."""
    if not isinstance(value, list | tuple):  # most values are literals
        return value, role
    node = graph.target(value)
    if node is None:
        return None if value else value, role
    traced: dict[_Place, tuple[Json, str]] = graph.once("traced", dict)
    place: _Place = (node.key, output_of(value), role)
    return traced[place] if place in traced else _traced(graph, value, place, traced)


def _traced(graph: Graph, value: Json, start: _Place, traced: dict[_Place, tuple[Json, str]]) -> tuple[Json, str]:
    """Follow a link, and remember what it leads to for all places on the way: so all links take linear time."""
    role = start[-1]
    path: dict[_Place, None] = {}
    found: tuple[Json, str] | None = None
    while found is None:
        node = graph.target(value)
        place = ("", 0, role) if node is None else (node.key, output_of(value), role)
        if node is None:
            found = None if loose.items(value) else value, role
        elif place in traced:
            found = traced[place]
        elif place in path or len(path) >= _MAX_LINKS or len(traced) + len(path) >= MAX_PLACES:
            found = None, role
        else:
            path[place] = None
            onward, role = _onward(graph, node, place[1], role)
            found = (onward, role) if onward == value or onward is None else None
            value = onward
    traced |= dict.fromkeys(path, found)
    return found


def given(graph: Graph, node: Node, role: str) -> Json:
    """Return the resolved value that a node is given for a role, by an input of its own or by its pipe.

    Args:
        graph: The graph of the picture.
        node: A node, such as a sampler.
        role: What the node needs the value for.

    Returns:
        As `resolve` does.
    """
    return graph.once(("given", node.key, role), lambda: _given(graph, node, role))


def _given(graph: Graph, node: Node, role: str) -> Json:
    name = own_name(node, role)
    if name:
        return resolve(graph, node.inputs[name], role)
    pipes = [node.inputs[pipe] for pipe in pipes_of(graph, node)]
    return resolve(graph, _in_pipes(graph, pipes, role), role)


def along(graph: Graph, value: Json, role: str) -> Iterator[Node]:
    """Yield the nodes that make a value one after the other, each once: of a model its patches, then its loader.

    Args:
        graph: The graph of the picture.
        value: The value of an input.
        role: What it is needed for.
    """
    seen: set[str] = set()
    value, role = trace(graph, value, role)
    while len(seen) < _MAX_ALONG and (node := graph.target(value)) is not None and node.key not in seen:
        seen.add(node.key)
        yield node
        value, role = _before(graph, node, role)


def _before(graph: Graph, node: Node, role: str) -> tuple[Json, str]:
    """Return what comes before a node in a chain, and its role."""

    def find() -> tuple[Json, str]:
        links = [node.inputs[name] for name, _ in graph.links(node)]
        return trace(graph, given(graph, node, role) or (links[0] if len(links) == 1 else None), role)

    return graph.once(("before", node.key, role), find)


def output_of(value: Json) -> int:
    """Return the output index of a link, 0 when it is not a number."""
    index = loose.whole(loose.items(value)[1])
    return 0 if index is None else index


def makes(node: Node, role: str) -> bool:
    """Return whether a node changes or makes what it has an input for: it does not only pass it on."""
    kind = plain(node.kind)
    if role.endswith("text"):
        return role in outputs_of(node)
    if role in ("latent", "image"):
        return _DRAWS.search(kind) is not None
    if role in ("model", "clip"):
        return "populated_text" in node.inputs or any("lora" in name.lower() for name in (kind, *node.inputs))
    return role in SIDES and _ENCODES.search(kind) is not None


def _onward(graph: Graph, node: Node, output: int, role: str) -> tuple[Json, str]:
    """Return where the value at an output comes from, and its role; the output itself when it is made here."""
    here: Json = [node.key, output]
    passed = passed_on(graph, node, role)
    if passed is not None or is_switch(node):
        return passed, role
    at_output = role_at(node, output, role)
    if at_output == PIPE != role:
        return _in_pipes(graph, [here], role), role
    pipes = [node.inputs[name] for name in pipes_of(graph, node)]
    if makes(node, at_output) or not (pipes or outputs_of(node)):
        return _constant(node, role, here), at_output if at_output in SIDES else role
    value = node.inputs.get(own_name(node, at_output))
    if graph.target(value) is None and (value is None or at_output in OBJECTS):
        if not pipes and _is_loader(graph, node):
            return here, role
        value = _in_pipes(graph, pipes, at_output)
    return None if value == here else value, at_output if at_output in INPUTS else role  # the same only in a cycle


def _in_pipes(graph: Graph, links: list[Json], role: str) -> Json:
    """Return the value that pipes contain for a role, of which the first counts most; None when they have none."""
    seen: set[str] = set()
    stack = links[::-1]
    budget = graph.once("pipes", _Budget)
    while stack and len(seen) < _MAX_PIPES and budget.left:
        budget.left -= 1
        node = graph.target(stack.pop())
        if node is None or node.key in seen:
            continue
        seen.add(node.key)
        value = node.inputs.get(own_name(node, role))
        if makes(node, role):
            return _made_by(node, role)
        if graph.target(value) is not None or (value is not None and role not in OBJECTS):
            return value
        pipes = _pipes_before(graph, node)
        stack += reversed(pipes)
        if not pipes and role in OBJECTS and _is_loader(graph, node):
            return _made_by(node, role)
    return None


def _pipes_before(graph: Graph, node: Node) -> list[Json]:
    """Return the links to the pipes that a node takes values from or passes on, the one that counts most first."""

    def find() -> list[Json]:
        passed = passed_on(graph, node, PIPE)
        return [node.inputs[name] for name in pipes_of(graph, node)] if passed is None else [passed]

    return graph.once(("pipes", node.key), find)


def _is_loader(graph: Graph, node: Node) -> bool:
    """Return whether a node makes what it has no input for."""
    return _LOADS.search(plain(node.kind)) is not None or not graph.links(node)


def _made_by(node: Node, role: str) -> Json:
    """Return a link to the output at which a node gives a value of a role."""
    outputs = outputs_of(node)
    return [node.key, outputs.index(role) if role in outputs else 0]


def _constant(node: Node, role: str, here: Json) -> Json:
    """Return the literal of a node that has only one number or name; for all other nodes, the link to it."""
    name = own_name(node, role) or next((name for name in _VALUES if name in node.inputs), "")
    value = node.inputs.get(name)
    is_simple = not node.inputs.keys() - {name, *_BESIDE} and role not in OBJECTS and role != "text"
    return value if is_simple and isinstance(value, str | int | float) else here
