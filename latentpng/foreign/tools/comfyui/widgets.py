"""Give the values of a node's widgets their names, as the API's graph has them.

The editor stores the values of a node in a list. Newer editors also store an input with the name of each widget; for
older ones the names come from a table, or are guessed from the values, so that a node that nobody listed still says its
seed, model and text. The value behind a seed that says what happens to it next has no name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui.editor import EditorNode
from latentpng.foreign.tools.comfyui.guesses import guessed
from latentpng.foreign.tools.comfyui.values import SEEDS
from latentpng.foreign.tools.comfyui.widget_names import WIDGET_NAMES
from latentpng.json_fields import is_integer
from latentpng.record import Json

MAX_VALUES = 256  # of one node
FIXED = "fixed"
CONTROLS = frozenset({FIXED, "randomize", "increment", "decrement", "increment-wrap"})
PRIMITIVE = "PrimitiveNode"
"""The kind of a node of the editor that only holds the value of another node's widget."""
_UNUSED = "-"
_NAMING = "textWidgetName"  # in an object that nodes of LoRA Manager store before their values
_MAX_SMALL = 2**16  # no size, number of steps or other setting is larger
_UNNAMED = 3  # values of buttons and previews that may stand behind the named ones


@dataclass(frozen=True, kw_only=True, slots=True)
class Widgets:
    """The widgets of a node.

    Attributes:
        values: Their values by name.
        changing: The names of numbers that change before or after each picture.
    """

    values: Mapping[str, Json]
    changing: frozenset[str] = frozenset()


def widgets_of(node: EditorNode) -> Widgets:
    """Return the widgets of a node.

    Args:
        node: The node.
    """
    named = dict(islice(loose.members(node.values).items(), MAX_VALUES))
    if named:
        changes = loose.text(named.get("control_after_generate")) in CONTROLS - {FIXED}
        return Widgets(values=named, changing=frozenset(name for name in SEEDS if changes and name in named))
    values = _spelled(node)
    rows = {f"lora_{at}": row for at, row in enumerate(_rows(values), 1)}
    plain = [at for at in range(len(values)) if not (_is_control(values, at) or _NAMING in loose.members(values[at]))]
    names = _names_of(node, values, plain)
    if names is None:
        found = guessed(node, values, plain)
    else:
        found = {name: at for name, at in zip(names, plain, strict=False) if name != _UNUSED}
    return Widgets(
        values={**{name: values[at] for name, at in found.items()}, **rows},
        changing=frozenset(name for name, at in found.items() if _is_changing(values, at)),
    )


def primitive_of(node: EditorNode) -> tuple[Json, bool]:
    """Return the value of a primitive node, and whether it changes with each picture.

    Args:
        node: The node.
    """
    values = _spelled(node)
    return (values[0], _is_changing(values, 0)) if values else (None, False)


def _is_changing(values: Sequence[Json], at: int) -> bool:
    """Return True when the value behind a number says that the number changes with each picture."""
    return _is_control(values, at + 1) and values[at + 1] not in (FIXED, None)


def _is_control(values: Sequence[Json], at: int) -> bool:
    """Return True for a value that says what happens to the number before it; null stands for a button there."""
    if not 0 < at < len(values) or not is_integer(values[at - 1]):
        return False
    return values[at] is None or loose.text(values[at]) in CONTROLS


def _spelled(node: EditorNode) -> tuple[Json, ...]:
    """Return the values of a node, with words for the switch that the first editors had behind a seed.

    True meant a new seed for each picture. A switch behind a number is taken for that one when the number is too large
    for anything but a seed, or when the node is known to have a seed there and fewer values.
    """
    values = list(loose.items(node.values)[:MAX_VALUES])
    names = WIDGET_NAMES.get(node.kind.strip(), ((),))[0]
    for at in range(1, len(values)):
        number, switch = values[at - 1], values[at]
        known = at <= len(names) < len(values) and names[at - 1] in SEEDS
        if isinstance(switch, bool) and is_integer(number) and (number > _MAX_SMALL or known or node.kind == PRIMITIVE):
            values[at] = "randomize" if switch else FIXED
    return tuple(values)


def _names_of(node: EditorNode, values: Sequence[Json], plain: list[int]) -> tuple[str, ...] | None:
    """Return the names of the values at these positions; None when they are unknown."""
    versions = WIDGET_NAMES.get(node.kind.strip(), ())
    own = tuple(slot.widget for slot in node.slots if slot.widget)
    is_listed = any(
        slot.widget and slot.origin is None for slot in node.slots
    )  # else only converted widgets have inputs
    if own and len(own) >= len(plain) - (min(_UNNAMED, len(own)) if is_listed and not versions else 0):
        return next((names for names in versions if set(names) == set(own)), own)
    if not versions:
        return None
    names = next((names for names in versions if len(names) == len(plain)), versions[0])
    return _aligned(names, values, plain)


def _aligned(names: tuple[str, ...], values: Sequence[Json], plain: list[int]) -> tuple[str, ...]:
    """Return the names so moved that the name of the seed stands where the seed is: before it, versions differ."""
    named = next((at for at, name in enumerate(names) if name in SEEDS), None)
    stands = next((at for at, position in enumerate(plain) if _is_control(values, position + 1)), None)
    if named is None or stands is None or named == stands:
        return names
    before = (*names[:named], *[_UNUSED] * stands)[:stands]
    return (*before, *names[named:])


def _rows(values: Sequence[Json]) -> list[Json]:
    """Return the rows of a list of LoRA files (Power Lora Loader), each an object."""
    return [value for value in values if loose.text(loose.members(value).get("lora"))]
