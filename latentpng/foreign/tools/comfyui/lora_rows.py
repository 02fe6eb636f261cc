"""Read the LoRA files of one node that has several: in numbered inputs, in objects, or in one list."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui.graph import Graph, Node
from latentpng.foreign.tools.comfyui.layouts import plain
from latentpng.foreign.tools.comfyui.outputs import resolve
from latentpng.foreign.tools.comfyui.values import number_of
from latentpng.record import Json

_MAX_NAME = 64
_ROW = re.compile(r"lora_?([0-9]{1,2})(?:_name)?|lora_name_?([0-9]{1,2})")
_SIMPLE = ("lora_wt_{}", "lora_{}_strength", "strength_{}", "lora_strength_{}", "weight_{}", "lora_weight_{}")
_ADVANCED = (
    *("model_str_{}", "lora_{}_model_strength", "model_weight_{}", "strength_model_{}", "model_strength_{}"),
    *("lora{}_model_strength", "lora{}_strength", "strength{}", "lora_{}_weight"),
)
_SWITCHES = ("switch_{}", "lora_{}_on", "toggle_{}", "enabled_{}", "lora_{}_enabled", "on_{}", "enable_{}")
_COUNTS = ("lora_count", "num_loras", "inputcount")
_OFF = (False, 0, "Off", "off", "OFF", "False", "false", "disable", "disabled")


def is_off(graph: Graph, node: Node, switches: Iterable[str]) -> bool:
    """Return whether one of these inputs of a node switches it off, itself or by a link."""
    return any(name in node.inputs and resolve(graph, node.inputs[name], name) in _OFF for name in switches)


def rows(graph: Graph, node: Node, name_at: Callable[[Json], str]) -> Iterator[tuple[str, float | None]]:
    """Yield the names and weights that stand in numbered inputs.

    Args:
        graph: The graph of the picture.
        node: A node that may have such inputs.
        name_at: Gives the name of a file at the value of an input.
    """
    count = next((loose.whole(number_of(graph, node, name)) for name in _COUNTS if name in node.inputs), None)
    chosen = loose.whole(number_of(graph, node, "select")) if "switcher" in plain(node.kind) else None
    mode = loose.text(node.inputs.get("input_mode")) or loose.text(node.inputs.get("mode"))
    weights = (*_SIMPLE, *_ADVANCED) if mode == "simple" else (*_ADVANCED, *_SIMPLE)
    for key in (key for key in node.inputs if len(key) <= _MAX_NAME):
        row = _ROW.fullmatch(key)
        number = row and (row[1] or row[2])
        if not number or (count is not None and int(number) > count) or chosen not in (None, int(number)):
            continue
        if not is_off(graph, node, (each.format(number) for each in _SWITCHES)) and (name := name_at(node.inputs[key])):
            names = [each.format(number) for each in weights]
            yield name, loose.real(number_of(graph, node, *names, *(["lora_strength"] if chosen else [])))


def listed(node: Node) -> Iterator[tuple[str, float | None]]:
    """Yield what stands in objects, each an input (Power Lora Loader) or all in one list (Lora Manager)."""
    value = node.inputs.get("loras")
    named = [(loose.members(row), "name") for row in loose.items(loose.members(value).get("__value__", value))]
    for entry, key in (*((loose.members(value), "lora") for value in node.inputs.values()), *named):
        name = loose.text(entry.get(key)) or loose.text(entry.get("lora"))
        if name and entry.get("on", True) not in _OFF and entry.get("active", True) not in _OFF:
            yield name, loose.real(entry.get("strength", entry.get("weight")))
    names, weights = (loose.text(node.inputs.get(key)).split(",") for key in ("lora_names", "lora_weights"))
    for at, name in enumerate(names):  # two texts with commas instead (SwarmLoraLoader)
        yield name.strip(), loose.real(weights[at]) if at < len(weights) else None
