"""Find the number or the name that an input has: written in the node, or behind links to selectors and arithmetic.

A link is followed to the node that contains the value, by the names under which nodes of that kind keep it.  Every walk
is limited, so cycles end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui import arithmetic
from latentpng.foreign.tools.comfyui.graph import Graph, Node
from latentpng.foreign.tools.comfyui.outputs import output_of, resolve
from latentpng.record import Json

SEEDS = ("seed", "noise_seed", "seed_value", "seed_num", "main_seed")
STEPS = ("steps", "base_steps", "steps_total", "num_inference_steps", "total_steps", "num_steps", "sampling_steps")
GUIDANCES = (
    "cfg",
    "cfg_conds",
    "cfg1",
    "cfg_scale",
    "guidance_scale",
    "cfg_high_noise",
    "embedded_guidance_scale",
)
DENOISES = ("denoise", "denoise_strength", "denoising_strength", "denoising")
_MAX_LENGTH = 2048  # characters of a name

_MAX_HOPS = 32
_MAX_DEPTH = 24  # nodes behind each other
_MAX_ENTERED = 64  # nodes that one number may be calculated from
_NUMBERS = ("value", "Value", "int", "INT", "float", "FLOAT", "number", "Number", "int_value", "float_value", "num")
_WORDS = ("value", "Value", "text", "string", "STRING", "selected", "name", "choice", "combo", "preset")
_OBJECT_NAMES = ("content", "value", "__value__", "name", "filename", "path")
_EXPRESSIONS = ("expression", "expr", "formula", "value")
_OPERATIONS = ("op", "operation", "operator")
_NAMED = re.compile(r"multipl|add|subtract|divi[ds]|modulo")  # in the kind of a node that has no operation to choose
_SLIDER = "isfloatX"  # mxSlider and mxSlider2D, which keep each number twice: whole and with a point
_AXES = "XY"
_OPERANDS = (
    ("Value_A", "Value_B"),
    ("a", "b"),
    ("A", "B"),
    ("number_a", "number_b"),
    ("int_a", "int_b"),
    ("value_a", "value_b"),
)


@dataclass(kw_only=True, slots=True)
class _Search:
    """A search for one number: where it is, and how many nodes it may still enter."""

    graph: Graph
    left: int = _MAX_ENTERED
    depth: int = 0

    def number(self, value: Json, names: Sequence[str]) -> float | int | None:
        """Return the number of a value of an input; names: those that the input may have."""
        value = resolve(self.graph, value, names[0] if names else "")
        node = self.graph.target(value)
        if node is None:
            whole = loose.whole(value)
            return loose.real(value) if whole is None else whole
        if self.left <= 0 or self.depth >= _MAX_DEPTH:
            return None
        self.left -= 1
        self.depth += 1
        is_slider = _SLIDER in node.inputs
        found = self.number(_slid(node, output_of(value)), ()) if is_slider else self._inside(node, names)
        self.depth -= 1
        return found

    def _inside(self, node: Node, names: Sequence[str]) -> float | int | None:
        """Return the number that a node answers: calculated, or the first of its inputs that has one."""
        pair = next((pair for pair in _OPERANDS if all(name in node.inputs for name in pair)), None)
        operation = next((text for name in _OPERATIONS if (text := loose.text(node.inputs.get(name)))), "")
        if not operation and (named := _NAMED.search(node.kind.casefold())):
            operation = named[0]
        if operation and pair:
            first, second = (self.number(node.inputs[name], ()) for name in pair)
            return None if first is None or second is None else arithmetic.operate(operation, first, second)
        texts = (loose.text(node.inputs.get(name)) for name in _EXPRESSIONS)
        expression = next((text for text in texts if text and loose.real(text) is None), "")
        if expression:
            return arithmetic.evaluate(expression, lambda name: self._variable(node, name))
        held = (name for name in (*names, *_NUMBERS, *SEEDS, "a") if node.inputs.get(name) is not None)
        name = next(held, "")
        return self.number(node.inputs[name], names) if name else None

    def _variable(self, node: Node, name: str) -> float | int | None:
        value = node.inputs.get(name, node.inputs.get(f"values.{name}"))
        return None if value is None else self.number(value, ())


def _slid(node: Node, output: int) -> Json:
    """Return the number of a slider at an output: of two sliders, the second is the other axis."""
    axis = _AXES[output] if 0 <= output < len(_AXES) and f"{_SLIDER[:-1]}{_AXES[output]}" in node.inputs else _AXES[0]
    return node.inputs.get(f"{axis}f" if node.inputs.get(f"{_SLIDER[:-1]}{axis}") in (1, True) else f"{axis}i")


def number_of(graph: Graph, nodes: Node | Iterable[Node], *names: str) -> float | int | None:
    """Return the number of the first of some inputs that has one, literally, behind links, or calculated.

    Args:
        graph: The graph of the picture.
        nodes: A node, or nodes that are searched one after the other.
        names: The names that the input may have.

    Returns:
        The number; None when no input has one.
    """
    search = _Search(graph=graph)
    for node in [nodes] if isinstance(nodes, Node) else nodes:
        for name in names:
            value = node.inputs.get(name)
            found = None if value is None else search.number(value, names)
            if found is not None:
                return found
    return None


def linked_number(graph: Graph, value: Json, *names: str) -> float | int | None:
    """Return the number of a value of an input, literal or linked; names: those that the input may have."""
    return _Search(graph=graph).number(value, names)


def word_of(graph: Graph, nodes: Node | Iterable[Node], *names: str) -> str:
    """Return the text of the first of some inputs that has one: a name of a file, a sampler or a preset.

    Args:
        graph: The graph of the picture.
        nodes: A node, or nodes that are searched one after the other.
        names: The names that the input may have.

    Returns:
        The text, without what stands around it; "" when no input has one.
    """
    for node in [nodes] if isinstance(nodes, Node) else nodes:
        for name in names:
            value = node.inputs.get(name)
            found = "" if value is None else _word(graph, value, names)
            if found:
                return found
    return ""


def _word(graph: Graph, value: Json, names: Sequence[str]) -> str:
    seen: set[str] = set()
    for _ in range(_MAX_HOPS):
        value = resolve(graph, value, names[0])
        node = graph.target(value)
        if node is None:
            return _literal_word(value)
        if node.key in seen:
            return ""
        seen.add(node.key)
        value = next((node.inputs[name] for name in (*names, *_WORDS) if node.inputs.get(name)), None)
        value = _only_word(graph, node) if value is None else value
    return ""


def _only_word(graph: Graph, node: Node) -> str:
    """Return the text of a node that contains a single one, whatever its name is."""

    def find() -> str:
        words = [text for value in node.inputs.values() if (text := _literal_word(value))]
        return words[0] if len(words) == 1 else ""

    return graph.once(("only word", node.key), find)


def _literal_word(value: Json) -> str:
    """Return a text, or the text of an object that some nodes write in place of it."""
    if isinstance(value, str):
        return value.strip()[:_MAX_LENGTH]
    entry = loose.members(value)
    if not entry:
        return ""
    texts = (loose.text(each) for each in (entry.get(name) for name in _OBJECT_NAMES))
    return next((text.strip() for text in texts if text.strip()), "")[:_MAX_LENGTH]
