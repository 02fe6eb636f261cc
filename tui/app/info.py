"""Everything that is known of a picture of the grid, as rows of a name and a value.

The values are as they were recorded: whoever shows them makes them safe for a terminal.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.rendering.settings import PromptStyle
from engine.search.axis import moves
from engine.search.history import NO_NODE
from engine.search.regions import region_words
from engine.search.running import PARENT, Search
from engine.search.session import correlation_since_start
from latentpng.record import Json, JsonObject, LatentRecord, Round
from tui.app.command_line import command_of, path_of
from tui.app.dial import likeness
from tui.app.history.words import (
    change_words,
    kept_words,
    lora_words,
    region_marks,
    root_words,
    scheduler_words,
    text_in,
)
from tui.app.phrases import percent, variation_words

FILE, COMMAND = "file", "command"
"""The names of the rows that hold the path of the picture, and the command line that renders it again."""
Rows = tuple[tuple[str, str], ...]
_SOFTWARE = ("warmer", "torch", "diffusers", "transformers")


def info_of(search: Search, index: int) -> Rows:
    """Return what is known of a picture of the grid.

    Args:
        search: The search.
        index: The index of the picture, PARENT for the parent.

    Returns:
        Rows of a name and a value; nothing is said of what is not set.  A finished picture tells what its record says,
        any other what it is going to be rendered with.
    """
    finished = search.finished(index)
    record = finished.record if finished is not None else None
    settings: JsonObject = record.settings if record is not None else _planned(search)
    rows = [
        ("picture", _name(search, index, state="" if record is not None else _state(search, index))),
        ("prompt", _text(settings.get("prompt"))),
        ("negative prompt", _text(settings.get("negative_prompt"))),
        *_model_rows(settings.get("model")),
        *_setting_rows(settings),
        *_noise_rows(search, index, settings),
        *_search_rows(search, index),
        *(_machine_rows(record) if record is not None else [("device", search.variant.load.device)]),
        *_file_rows(search, index, record),
    ]
    return tuple((name, value) for name, value in rows if value)


def _planned(search: Search) -> JsonObject:
    """Return the settings of a picture that is not rendered yet, as its record will hold them."""
    model = search.variant.load.model
    entry: dict[str, Json] = {"name": model.name}
    if model.loras:
        entry["loras"] = [{"name": lora.name, "weight": lora.weight} for lora in model.loras]
    if model.vae:
        entry["vae"] = {"name": Path(model.vae).stem}
    if model.embeddings:
        entry["embeddings"] = [{"name": embedding.word} for embedding in model.embeddings]
    return {**search.settings.to_json(), "model": entry}


def _name(search: Search, index: int, *, state: str) -> str:
    name = "the parent" if index == PARENT else f"a candidate of round {len(search.session.lineage.rounds) + 1}"
    return f"{name}{', starred' if search.is_starred(index) else ''}{state}"


def _state(search: Search, index: int) -> str:
    is_draft = search.draft(index) is not None
    return ", a draft that is not rendered in full yet" if is_draft else ", not rendered yet"


def _model_rows(model: Json) -> list[tuple[str, str]]:
    entry: Mapping[str, Json] = model if isinstance(model, Mapping) else {}
    embeddings = entry.get("embeddings")
    words = [text_in(one, "name") for one in embeddings] if isinstance(embeddings, list | tuple) else []
    return [
        ("model", text_in(model, "name") or "unknown"),
        ("pipeline", text_in(model, "pipeline")),
        ("fingerprint", text_in(model, "fingerprint")),
        ("quantised", text_in(model, "quantised")),
        ("prediction", text_in(model, "prediction")),
        ("LoRA", lora_words(model)),
        ("VAE", text_in(entry.get("vae"), "name")),
        ("embeddings", ", ".join(filter(None, words))),
    ]


def _setting_rows(settings: JsonObject) -> list[tuple[str, str]]:
    width, height = settings.get("width"), settings.get("height")
    style = settings.get("prompt_style")
    return [
        ("size", f"{_text(width)} x {_text(height)}" if width and height else ""),
        ("steps", _text(settings.get("steps"))),
        ("scheduler", scheduler_words(settings.get("scheduler"))),
        ("guidance", _text(settings.get("guidance"))),
        ("guidance rescale", _text(settings.get("guidance_rescale"))),
        ("prompt style", _text(style) if style not in (None, PromptStyle.PLAIN) else ""),
        ("clip skip", _text(settings.get("clip_skip"))),
    ]


def _noise_rows(search: Search, index: int, settings: JsonObject) -> list[tuple[str, str]]:
    return [
        ("noise", root_words(search.lineage(index))),
        ("round seed", _round_words(_step(search, index))),
        ("step seed", _text(settings.get("step_seed"))),
        ("batch slot", _slot(settings.get("slot"))),
    ]


def _step(search: Search, index: int) -> tuple[Round, ...]:
    """Return the rounds of the step that leads to a picture; () for a root."""
    session = search.session
    return session.tree.step(session.place.node) if index == PARENT else search.lineage(index).rounds[-1:]


def _round_words(step: tuple[Round, ...]) -> str:
    """Return what drew a picture: the seed of its grid, and which candidates it is made of."""
    if not any(map(moves, step)):
        return ""
    last = step[-1]
    if len(step) > 1:
        return f"{last.seed}, {region_marks(step)} of {last.of}"
    where = f", {region_words(last.region)}" if last.region else ""
    return f"{last.seed}, candidate {' + '.join(str(mark + 1) for mark in last.marks)} of {last.of}{where}"


def _search_rows(search: Search, index: int) -> list[tuple[str, str]]:
    session, lineage = search.session, search.lineage(index)
    picks = session.node.picks + int(index != PARENT)
    count = len(lineage.rounds)
    rows = [("picks", f"{picks}, {count} {'round' if count == 1 else 'rounds'} from the start")]
    if step := _step(search, index):
        is_edit = not moves(step[-1])
        rows.append(("edit", f"the same noise: {change_words(step[-1])}") if is_edit else ("scale", kept_words(step)))
    if session.lineage.rounds[session.begun_at :]:
        rows.append(
            ("since start", f"{percent(correlation_since_start(session))} of the first noise is left in the parent")
        )
    rows.append(
        ("next round", f"scale {session.scale:.2g} ({likeness(search.law, session.scale)}), {variation_words(session)}")
    )
    return rows


def _machine_rows(record: LatentRecord) -> list[tuple[str, str]]:
    software = record.software
    device = ", ".join(filter(None, (text_in(software, "device"), text_in(software, "device_name"))))
    versions = ", ".join(f"{name} {text_in(software, name)}" for name in _SOFTWARE if text_in(software, name))
    warnings = record.settings.get("warnings")
    told = [one for one in warnings if isinstance(one, str)] if isinstance(warnings, list | tuple) else []
    return [
        ("device", device),
        ("dtype", text_in(record.settings, "dtype")),
        ("software", versions),
        ("warnings", "; ".join(told)),
    ]


def _file_rows(search: Search, index: int, record: LatentRecord | None) -> list[tuple[str, str]]:
    node = search.node_of(index)
    file = search.file(node) if node != NO_NODE else None
    if file is None:
        why = "not saved yet" if index == PARENT else "not saved: a candidate is saved when it is picked or starred"
        return [(FILE, why)]
    return [(FILE, path_of(file)), (COMMAND, command_of(record, file) if record is not None else "")]


def _slot(slot: Json) -> str:
    """Return in which batch a picture was rendered, since kernels depend on that; [1, 0] is a picture alone."""
    match slot:
        case [int(size), int(number)] if size > 0:
            return "alone in its batch" if size == 1 else f"picture {number + 1} of a batch of {size}"
    return ""


def _text(value: Json) -> str:
    if value is None or value == "" or isinstance(value, Mapping | list | tuple):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
