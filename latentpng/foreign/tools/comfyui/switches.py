"""Which input a switch passes on, and which nodes pass on their only input.

The value of a switch is looked up where the graph contains it.  Where it was computed, the first branch counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui.graph import Graph, Node
from latentpng.foreign.tools.comfyui.layouts import INPUTS, OBJECTS, plain
from latentpng.record import Json

_MAX_NAME = 64
_MAX_LINKS = 32  # how far the value of a switch is looked up
_SWITCH = re.compile(
    r"switch|muxer|selectinput|ifelse|^easyif$|conditionalbranch|lazyconditional|^if[a-z]+else|utilityif$"
)
_NO_SWITCH = re.compile(r"invers|^(dynamic)?context(big)?switch|loraswitch|^crset|^crswitch|scheduler")
_SELECTORS = (
    *("switch", "select", "input", "index", "boolean", "boolean_number", "condition", "if_condition", "cond"),
    *("selector", "select_input", "selected", "selected_index", "input_selector", "any", "evaluate", "bool", "choice"),
)
_TRUE = re.compile(r"(.*_)?(true|tt_value|if|a)", re.IGNORECASE)
_FALSE = re.compile(r"(.*_)?(false|ff_value|else|b)", re.IGNORECASE)
_NUMBERED = re.compile(r"(.*?)_?0*([0-9]{1,3})(?:_opt)?")
_REROUTE = re.compile(r"reroute|^primitive|setnode$|^easyclea|purgevram|vramdebug|freememory|^impactcontrolbridge")
_ANYTHING = frozenset({"", "*", "any", "anything", "any_input", "source", "value", "data", "any_01"})
_CASES = re.compile(r"case_([0-9]{1,2})")  # LayerUtility: SwitchCase, which compares a text with these
_CONSTANT = re.compile(r"primitive|constant|bool|toggle|int|number|value|reroute|index|select|seed")
_CHANGED = re.compile(r"neg$|not|inver|compare|random|math|expression|convert")
_CONSTANT_NAMES = (
    "value",
    "boolean",
    "Boolean",
    "bool",
    "int",
    "number",
    "Number",
    "toggle",
    "index",
    "select",
    "seed",
    "",
)


def is_switch(node: Node) -> bool:
    """Return whether a node passes on one of several inputs."""
    kind = plain(node.kind)
    if _NO_SWITCH.search(kind):
        return False
    if _SWITCH.search(kind):
        return True
    ends = {name[-5:].lower() for name in node.inputs}
    return "false" in ends and any(end.endswith("true") for end in ends)


def passed_on(graph: Graph, node: Node, role: str) -> Json:
    """Return the value that a switch, a reroute or another node without effect passes on.

    Args:
        graph: The graph of the picture.
        node: The node that a link leads to.
        role: What the link carries; it counts for switches of two values at once.

    Returns:
        The value, or None when the node makes its output itself, or when nothing is linked to it.
    """
    kind = plain(node.kind)
    if kind.endswith("getnode"):
        return graph.stored(node)
    if is_switch(node):
        return _chosen(graph, node, role)
    is_plain = len(node.inputs) == 1 and not node.inputs.keys() - _ANYTHING
    if not is_plain and _REROUTE.search(kind) is None:
        return None
    linked = [node.inputs[name] for name, _ in graph.links(node)]
    return linked[0] if len(linked) == 1 else None


def _chosen(graph: Graph, node: Node, role: str) -> Json:
    """Return the branch of a switch that its value chooses."""
    selectors = {name: value for name, value in node.inputs.items() if name.lower() in _SELECTORS}
    branches = {
        name: value
        for name, value in node.inputs.items()
        if name not in selectors and (graph.target(value) is not None or _may_be_branch(name, value, role))
    }
    fitting = [name for name in branches if _stem(name) in INPUTS.get(role, (role,))]
    if fitting:  # one switch for a model and its text encoder
        branches = {name: branches[name] for name in fitting}
    if "switch_condition" in node.inputs:
        return _case(node, _constant(graph, node.inputs["switch_condition"]))
    setting = next((value for each in selectors.values() if (value := _constant(graph, each)) is not None), None)
    name = next(iter(branches), "") if setting is None else _selected(branches, setting)
    return branches.get(name)


def _may_be_branch(name: str, value: Json, role: str) -> bool:
    """Return whether a literal is what a switch passes on: a text, or a number with the name of a branch."""
    if role == "text":
        return bool(loose.text(value))
    is_named = len(name) <= _MAX_NAME and any(form.fullmatch(name) for form in (_TRUE, _FALSE))
    return is_named and role not in OBJECTS and not isinstance(value, bool) and loose.real(value) is not None


def _case(node: Node, setting: Json) -> Json:
    """Return the branch whose case is the text of a setting, else the branch for all others."""
    cases = (found[1] for name, value in node.inputs.items() if value == setting and (found := _CASES.fullmatch(name)))
    chosen = next((number for number in cases if f"input_{number}" in node.inputs), "default")
    return node.inputs.get(f"input_{chosen}")


def _selected(branches: Mapping[str, Json], setting: Json) -> str:
    """Return the name of the branch that a value chooses; "" when there is none."""
    if isinstance(setting, str) and setting in branches:
        return setting
    number = None if isinstance(setting, bool) else loose.whole(setting)
    numbers = {name: int(found[2]) for name in branches if (found := _numbered(name))}
    if number is not None and numbers:
        return next((name for name, each in numbers.items() if each == number), "")
    is_true = setting.lower() in ("true", "yes", "on", "1") if isinstance(setting, str) else bool(setting)
    form = _TRUE if is_true else _FALSE
    return next((name for name in branches if len(name) <= _MAX_NAME and form.fullmatch(name)), "")


def _stem(name: str) -> str:
    """Return the name of a branch without its number or letter."""
    found = _numbered(name)
    return found[1] if found else name.removesuffix("_a").removesuffix("_b")


def _numbered(name: str) -> re.Match[str] | None:
    return _NUMBERED.fullmatch(name) if len(name) <= _MAX_NAME else None


def _constant(graph: Graph, value: Json) -> Json:
    """Return a literal, or the one in the node that a value is linked to; None for what is computed."""
    for _ in range(_MAX_LINKS):
        node = graph.target(value)
        if node is None:
            return None if loose.items(value) else value
        kind = plain(node.kind)
        if not _CONSTANT.search(kind) or _CHANGED.search(kind):
            return None
        value = next((node.inputs[name] for name in _CONSTANT_NAMES if name in node.inputs), None)
    return None
