"""Render the metadata of another tool: as lines for people, and as a JSON object for programs.

Both leave out the fields that the file does not say. The JSON object has all that was read. The lines cut long values,
but never prompts of characters and lists of LoRA files. Line breaks of a prompt stay, and the further lines of a value
are indented, so that no text can look like a field of its own. The tool's own fields have a column of labels as wide as
their names need.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from types import MappingProxyType

from latentpng.chunk.strict_json import json_text
from latentpng.foreign.names import TOOL_NAMES
from latentpng.foreign.passes import facts_of, passes_of, text_of
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import loose, services, unknown
from latentpng.foreign.tools.lists import is_listed, lists_of
from latentpng.record import Json, JsonObject
from latentpng.text import plain

WIDTH = 16  # characters of the column of labels; it may be wider for the names of a tool's own fields
_MAX_WIDTH = 32
_RANDOMNESS = {"cpu": "CPU", "gpu": "GPU", "nv": "CPU, as an NVIDIA GPU draws"}
_TEXT_LIMIT = 4000
_LINES_SHOWN = 100  # of one value
_EXTRA_LIMIT = 200
_EXTRAS_SHOWN = 40
_ITEMS_SHOWN = 64  # of a list that is not cut
_LABEL_LIMIT = 80
_UNSAID: tuple[Json, ...] = (None, "", 0, 0.0, (), (0, 0))
_JSON_KEYS = {"num_inference_steps": "steps", "guidance_scale": "guidance"}  # as SPEC.md calls these settings
_MAY_BE_ZERO = frozenset({"seed", "variation_seed", "guidance", "batch_index"})
_BREAK = re.compile(r"\r\n?|\n")
_PASSES = "passes"
_UNSHOWN: Mapping[str, frozenset[str]] = MappingProxyType(
    {"novelai": frozenset({"v4_prompt", "v4_negative_prompt"}), unknown.TOOL: frozenset({unknown.TEXTS})}
)
"""Fields of tools that the other lines say already, in better words."""


def foreign_lines(record: ForeignRecord) -> list[str]:
    """Render a record for people.

    Returns:
        Lines of a label and a value, without control characters and cut to a limit; none when no tool was recognised.
    """
    if not record.tool:
        return []
    passes = [entry for entry in passes_of(record) if loose.text(entry.get("kind"))]
    fields = [(name, text, _TEXT_LIMIT) for name, text in _facts(record) if text]
    fields += [(f"pass {loose.text(entry['kind'])}", _pass_worded(entry), _TEXT_LIMIT) for entry in passes]
    own = _whole_fields(dict(record.extra))
    told = {_PASSES, *(name for entry in passes for name in entry)}
    told |= _UNSHOWN.get(record.tool, frozenset())
    rest = [(name, value) for name, value in record.extra if name not in told and not is_listed(name)]
    own += [(name, _shown(value), _EXTRA_LIMIT) for name, value in rest[:_EXTRAS_SHOWN]]
    hidden = len(rest) - _EXTRAS_SHOWN
    own += [("...", f"{hidden} more", _EXTRA_LIMIT)] if hidden > 0 else []
    return [*_lines_of(fields, WIDTH), *_lines_of(own, _width_of(own))]


def foreign_json(record: ForeignRecord) -> dict[str, Json]:
    """Render a record for programs.

    Returns:
        A JSON object. Seeds are decimal strings, because many parsers lose digits of large numbers.
    """
    entries: dict[str, Json] = {
        _JSON_KEYS.get(field.name, field.name): getattr(record, field.name)
        for field in dataclasses.fields(record)
        if field.name != "extra"
    }
    entries = {name: value for name, value in entries.items() if name in _MAY_BE_ZERO or value not in _UNSAID}
    entries = {name: value for name, value in entries.items() if value is not None}
    for name in ("seed", "variation_seed"):
        if name in entries:
            entries[name] = str(entries[name])
    if record.variations:
        entries["variations"] = [[str(seed), weight] for seed, weight in record.variations]
    return entries | ({"extra": dict(record.extra)} if record.extra else {})


def _width_of(fields: list[tuple[str, str, int]]) -> int:
    """Return the width of the column of some labels, without those that are too wide for any column."""
    widths = (len(_label(name)) for name, _, _ in fields)
    return max((width for width in widths if WIDTH < width <= _MAX_WIDTH), default=WIDTH)


def _label(name: str) -> str:
    """Return a name as a label: with single spaces, because a wide gap would look like the end of a label."""
    return " ".join(plain(name, _LABEL_LIMIT).split()) or '""'


def _lines_of(fields: list[tuple[str, str, int]], column: int) -> list[str]:
    """Return the lines of fields, which are label, text and limit; a label that is too wide has its own line."""
    lines: list[str] = []
    for name, text, limit in fields:
        label = _label(name)
        cut = text if len(text) <= limit else f"{text[: limit - 1]}\u2026"
        first, *others = [plain(part) for part in _BREAK.split(cut.rstrip(), _LINES_SHOWN)]
        lines += [f"{label:{column}} {first}"] if len(label) <= column else [label, f"{'':{column}} {first}"]
        lines += [f"{'':{column}} {part}" for part in others]
    return [line.rstrip() for line in lines]


def _facts(record: ForeignRecord) -> list[tuple[str, str]]:
    """Return (label, value) for each field; the value is "" when the file does not say."""
    variations = [(record.variation_seed, record.variation_strength)] if record.variation_seed is not None else []
    mixed = [f"seed {seed}, strength {strength:g}" for seed, strength in (*variations, *record.variations)]
    return [
        ("tool", _tool_and_version(record) if _has_text(record) else ""),
        ("made by", _made_by(record)),
        *(("note", note) for note in record.notes),
        ("prompt", record.prompt),
        ("negative prompt", record.negative_prompt),
        ("seed", "" if record.seed is None else str(record.seed)),
        *(("variation", text) for text in mixed),
        ("size", _size(record.width, record.height)),
        ("drawn at", _size(*record.resized_from)),
        ("steps", str(record.num_inference_steps or "")),
        ("sampler", record.sampler),
        ("scheduler", record.scheduler),
        ("guidance", "" if record.guidance_scale is None else f"{record.guidance_scale:g}"),
        ("model", record.model),
        ("model hash", record.model_hash),
        ("noise", f"cannot be rebuilt: {record.unknown_noise}" if record.unknown_noise else ""),
        ("noise drawn by", "" if record.unknown_noise else _RANDOMNESS.get(record.randomness, "")),
        ("noise channels", str(record.channels or "")),
        ("batch index", "" if record.batch_index is None else str(record.batch_index)),
    ]


def _has_text(record: ForeignRecord) -> bool:
    """Return whether a tool wrote anything: a photograph that is only signed was made by none."""
    return record.tool != unknown.TOOL or bool(record.extra or record.prompt)


def _tool_and_version(record: ForeignRecord) -> str:
    """Return the tool with its version, which may begin with the name of the tool; that of a service stands there."""
    name = _tool_name(record)
    if record.tool == services.TOOL or not record.version:
        return name
    return record.version if record.version.casefold().startswith(name.casefold()) else f"{name} {record.version}"


def _tool_name(record: ForeignRecord) -> str:
    return TOOL_NAMES.get(record.tool, record.tool)


def _made_by(record: ForeignRecord) -> str:
    """Return the site, service or fork; "" when the tool says it already."""
    if record.tool == services.TOOL:
        edited = ", which edited it" if services.is_edited(record) else ""
        name = f"{record.made_by or services.UNNAMED} {record.version}".rstrip()
        return f"{name}{edited}; there is no seed inside"
    return "" if record.made_by.casefold() in _tool_name(record).casefold() else record.made_by


def _pass_worded(entry: JsonObject) -> str:
    """Return what a pass did: "12 steps, denoise 0.45"."""
    steps = [f"{text_of(entry['steps'])} steps"] if "steps" in entry else []
    facts = facts_of({name: value for name, value in entry.items() if name != "steps"})
    return ", ".join(filter(None, (*steps, facts)))


def _whole_fields(extra: JsonObject) -> list[tuple[str, str, int]]:
    """Return the fields that are not cut, an item on each line."""
    found: list[tuple[str, str, int]] = []
    for name, items in lists_of(extra).items():
        hidden = len(items) - _ITEMS_SHOWN
        lines = [_item_lines(item) for item in items[:_ITEMS_SHOWN]]
        lines += [f"and {hidden} more"] if hidden > 0 else []
        found.append((name, "\n".join(lines), (_ITEMS_SHOWN + 1) * (_TEXT_LIMIT + 1)))
    return found


def _item_lines(item: str) -> str:
    """Return an item, whose further lines are indented, so that they do not look like items."""
    cut = item if len(item) <= _TEXT_LIMIT else f"{item[: _TEXT_LIMIT - 1]}\u2026"
    return "\n  ".join(plain(part) for part in _BREAK.split(cut.strip(), _LINES_SHOWN))


def _size(width: int, height: int) -> str:
    return f"{width} x {height}" if width and height else ""


def _shown(value: Json) -> str:
    return value if isinstance(value, str) else json_text(value)
