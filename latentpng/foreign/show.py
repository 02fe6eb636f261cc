"""Render the metadata of another tool: as lines for people, and as a JSON object for programs.

Both leave out the fields that the file does not say.
"""

from __future__ import annotations

import dataclasses

from latentpng.chunk.strict_json import json_text
from latentpng.foreign.record import ForeignRecord
from latentpng.record import Json
from latentpng.text import plain

TOOL_NAMES = {
    "latentpng": "latentpng",
    "a1111": "Stable Diffusion web UI",
    "forge": "Stable Diffusion web UI Forge",
    "sdnext": "SD.Next",
    "comfyui": "ComfyUI",
    "invokeai": "InvokeAI",
    "fooocus": "Fooocus",
    "swarmui": "SwarmUI",
    "novelai": "NovelAI",
    "drawthings": "Draw Things",
    "sdcpp": "stable-diffusion.cpp",
}
_RANDOMNESS = {"cpu": "CPU", "gpu": "GPU", "nv": "CPU, as an NVIDIA GPU draws"}
_TEXT_LIMIT = 4000
_EXTRA_LIMIT = 200
_EXTRAS_SHOWN = 40
_UNSAID: tuple[Json, ...] = (None, "", 0, 0.0, (), (0, 0))
_JSON_KEYS = {"num_inference_steps": "steps", "guidance_scale": "guidance"}  # as SPEC.md calls these settings
_MAY_BE_ZERO = frozenset({"seed", "variation_seed", "guidance", "batch_index"})


def foreign_lines(record: ForeignRecord) -> list[str]:
    """Render a record for people.

    Returns:
        Lines of a label and a value, without control characters and cut to a limit; none when no tool was recognised.
    """
    if not record.tool:
        return []
    lines = [f"{name:16} {plain(text, _TEXT_LIMIT)}" for name, text in _facts(record) if text]
    shown = record.extra[:_EXTRAS_SHOWN]
    lines += [f"{plain(name, 40):16} {plain(_shown(value), _EXTRA_LIMIT)}" for name, value in shown]
    hidden = len(record.extra) - len(shown)
    return lines + ([f"{'...':16} {hidden} more"] if hidden else [])


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


def _facts(record: ForeignRecord) -> list[tuple[str, str]]:
    """Return (label, value) for each field; the value is "" when the file does not say."""
    variations = [(record.variation_seed, record.variation_strength)] if record.variation_seed is not None else []
    mixed = [f"seed {seed}, strength {strength:g}" for seed, strength in (*variations, *record.variations)]
    return [
        ("tool", f"{TOOL_NAMES[record.tool]} {record.version}".strip()),
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
        ("noise drawn by", _RANDOMNESS.get(record.randomness, "")),
        ("batch index", "" if record.batch_index is None else str(record.batch_index)),
    ]


def _size(width: int, height: int) -> str:
    return f"{width} x {height}" if width and height else ""


def _shown(value: Json) -> str:
    return value if isinstance(value, str) else json_text(value)
