"""Find the graph of ComfyUI among the texts of a picture, wherever a tool put it.

ComfyUI writes `prompt` (the API's graph) and `workflow` (the editor's). Other nodes and sites write the API's graph
under `workflow`, both in one object (as a text in a text, too), or a bare graph, into any field that a picture has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.tools import loose
from latentpng.foreign.tools.loosejson import excess_of, read_value
from latentpng.record import Json, JsonObject

MAX_TEXTS = 16  # texts that are parsed
_FIRST = ("prompt", "workflow", "UserComment")
_MARKS = ("class_type", '"nodes"', '\\"nodes')  # one of them stands in each graph
_PREFIX = re.compile(r"(?:prompt|workflow|comfyui)\s*[:=]\s*(?=[{\"])", re.IGNORECASE)
_INNER = ("prompt", "workflow", "extra_data", "extra_pnginfo", "extraMetadata", "output", "api", "graph", "metadata")
_MAX_INNER = 4  # levels of objects around a graph
_MAX_TEXTS_IN_TEXTS = 2
_API, _EDITOR = "api", "workflow"
_INFOTEXT = "Steps: "  # stands in each text of the web UI
_BLANK = "\ufeff\0 \t\r\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """The graph that a picture has.

    Attributes:
        api: The API's graph; {} without one.
        workflow: The editor's graph; {} without one.
        told: What the site Civitai wrote beside the graph.
        problem: Why a text that looks like a graph is none, without a subject ("is no valid JSON"); "" otherwise.
    """

    api: JsonObject
    workflow: JsonObject
    told: JsonObject
    problem: str = ""


def source_of(texts: Texts) -> Source | None:
    """Return the graph of a picture.

    Args:
        texts: The texts by keyword.

    Returns:
        The first graph of each kind; None when no text looks like one, or when the only one is damaged and another text
        says what it would.
    """
    api: JsonObject = {}
    workflow: JsonObject = {}
    problem = ""
    for text in _candidates(texts):
        excess = excess_of(text)
        value = None if excess else _value(text)
        problem = problem or excess or ("" if isinstance(value, dict) else "is no valid JSON")
        for kind, graph in _graphs(value, _MAX_INNER):
            api = api or (graph if kind == _API else {})
            workflow = workflow or (graph if kind == _EDITOR else {})
        if api:
            return Source(api=api, workflow=workflow, told=_told(api))
    if workflow:
        return Source(api={}, workflow=workflow, told={})
    is_told_elsewhere = any(_INFOTEXT in text for text in texts.values())
    return Source(api={}, workflow={}, told={}, problem=problem) if problem and not is_told_elsewhere else None


def _candidates(texts: Texts) -> Iterator[str]:
    """Yield the texts that may hold a graph, the usual fields first."""
    fields = sorted(texts, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))
    count = 0
    for name in fields:
        text = texts[name].lstrip(_BLANK)
        text = text[match.end() :] if (match := _PREFIX.match(text)) else text
        if text.startswith(("{", '"')) and any(mark in text for mark in _MARKS) and count < MAX_TEXTS:
            count += 1
            yield text


def _value(text: str) -> Json:
    """Return the value of a JSON text, which may be a text in a text."""
    value = read_value(text)
    for _ in range(_MAX_TEXTS_IN_TEXTS):
        if isinstance(value, str) and value.lstrip(_BLANK).startswith(("{", '"')):
            value = read_value(value)
    return value


def _graphs(value: Json, levels: int) -> Iterator[tuple[str, JsonObject]]:
    """Yield the kind of each graph in a value, "api" or "workflow", and the graph."""
    if isinstance(value, str) and any(mark in value for mark in _MARKS):
        value = _value(value)
    entries = loose.members(value)
    if any(loose.text(loose.members(entry).get("class_type")) for entry in entries.values()):
        yield _API, entries
    elif isinstance(entries.get("nodes"), list) and "edges" not in entries:
        yield _EDITOR, entries
    elif levels > 0:
        for name in _INNER:
            if name in entries:
                yield from _graphs(entries[name], levels - 1)


def _told(graph: JsonObject) -> JsonObject:
    """Return what Civitai wrote beside the nodes of a graph."""
    told = graph.get("extraMetadata")
    return loose.members(_value(told) if isinstance(told, str) else told)
