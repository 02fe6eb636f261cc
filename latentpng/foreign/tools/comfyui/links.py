"""Follow the links of the editor's graph through nodes that exist only in the editor, or that do not run.

Reroutes, `SetNode` and `GetNode`, and the passages of subgraphs lead on; a bypassed node leads on to its input of the
same type; a primitive node is a value; a node that never runs is nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui.editor import BYPASS, NEVER, EditorNode, Origin, Slot
from latentpng.foreign.tools.comfyui.subgraphs import PASSAGE
from latentpng.foreign.tools.comfyui.widgets import PRIMITIVE, primitive_of
from latentpng.record import Json

_SETTERS = frozenset({"SetNode", "easy setNode"})
_GETTERS = frozenset({"GetNode", "easy getNode"})
_NOTES = frozenset({"Note", "MarkdownNote", "Label (rgthree)", "Bookmark (rgthree)"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """Where a link ends.

    Attributes:
        origin: The key of a node and the index of its output; None without such a node.
        value: The value of a primitive node, or of a widget of a subgraph.
        changes: Whether the value may have changed after the picture was made; None when the widget in place of the
            link says so.
        is_own: Whether the input keeps the value of its own widget.
    """

    origin: Origin | None = None
    value: Json = None
    changes: bool | None = None
    is_own: bool = False


NOTHING, OWN = Found(), Found(is_own=True)


def is_virtual(node: EditorNode) -> bool:
    """Return True for a node that the API's graph does not have."""
    return (
        node.mode in (NEVER, BYPASS)
        or node.kind in {PASSAGE, PRIMITIVE, *_SETTERS, *_GETTERS, *_NOTES}
        or _is_reroute(node)
    )


class Links:
    """The links between some nodes. What was found once is remembered, so that all links together take linear time."""

    def __init__(self, nodes: Mapping[str, EditorNode]) -> None:
        """Take the nodes by key."""
        self._nodes = nodes
        self._found: dict[Origin, Found] = {}
        self._setters = {
            (node.scope, name): node for node in nodes.values() if node.kind in _SETTERS and (name := _name_of(node))
        }

    def found(self, origin: Origin) -> Found:
        """Return where a link ends; a circle ends nowhere.

        Args:
            origin: The key of the node that it comes from, and the index of the output.
        """
        path: list[Origin] = []
        at: Origin | Found = origin
        while not isinstance(at, Found):
            if at in self._found:
                at = self._found[at]
            else:
                self._found[at] = NOTHING  # what a circle finds when it comes back here
                path.append(at)
                at = self._next(at)
        self._found |= dict.fromkeys(path, at)
        return at

    def _next(self, origin: Origin) -> Origin | Found:
        key, output = origin
        node = self._nodes.get(key)
        if node is None or node.mode == NEVER:
            return NOTHING
        if node.mode == BYPASS:
            return _onward(node, _bypassed(node, output), NOTHING)
        if node.kind == PASSAGE:
            return _onward(node, node.slots[output] if 0 <= output < len(node.slots) else None, OWN)
        if node.kind == PRIMITIVE:
            value, changes = primitive_of(node)
            return NOTHING if value is None else Found(value=value, changes=changes)
        if node.kind in _GETTERS:
            name = _name_of(node)
            setter = self._setters.get((node.scope, name)) or self._setters.get(("", name))
            return _onward(setter, setter.slots[0], NOTHING) if setter and setter.slots else NOTHING
        if node.kind in _SETTERS or _is_reroute(node):
            slots = node.slots[output : output + 1] or node.slots[:1] if output >= 0 else ()
            return _onward(node, slots[0] if slots else None, NOTHING)
        return Found(origin=origin)


def _onward(node: EditorNode, slot: Slot | None, otherwise: Found) -> Origin | Found:
    """Return what an input of a node that leads on is linked to."""
    if slot is None:
        return otherwise
    if slot.origin is not None:
        return node.scope + slot.origin[0], slot.origin[1]
    return otherwise if slot.literal is None else Found(value=slot.literal)


def _bypassed(node: EditorNode, output: int) -> Slot | None:
    """Return the input that a bypassed node passes to an output: the one beside it, or the first one of its type."""
    if not 0 <= output < len(node.outputs):
        return None
    kind = node.outputs[output]
    slots = (*node.slots[output : output + 1], *node.slots)
    return next((slot for slot in slots if slot.kind == kind or "*" in (slot.kind, kind)), None)


def _is_reroute(node: EditorNode) -> bool:
    return "reroute" in node.kind.casefold()


def _name_of(node: EditorNode) -> str:
    """Return the name under which a node sets or gets."""
    values = loose.items(node.values) or tuple(loose.members(node.values).values())
    return loose.text(values[0]) if values else ""
