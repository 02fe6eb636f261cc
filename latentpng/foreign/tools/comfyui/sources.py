"""Find the graph of ComfyUI among the texts of a picture, wherever a tool put it.

ComfyUI writes `prompt` (the API's graph) and `workflow` (the editor's). Other nodes and sites write the API's graph
under `workflow`, both in one object (as a text in a text, too), or a bare graph, into any field that a picture has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.tools import loose
from latentpng.foreign.tools.loosejson import excess_of, read_value
from latentpng.record import Json, JsonObject

MAX_TEXTS = 16  # texts that are parsed
_FIRST = ("prompt", "workflow", "UserComment")
_MARKS = ("class_type", '"nodes"', '\\"nodes')  # one of them stands in each graph
_PREFIX = re.compile(r"(?:^|\n)[ \t]{0,8}(?:prompt|workflow|comfyui)\s{0,8}[:=]\s{0,8}(?=[{\"])", re.IGNORECASE)
_SEED = re.compile(r"\bSeed: ([0-9]{1,20})\b")  # in a text of the web UI, which some nodes add
_MAX_SEEDS = 16
_INNER = ("prompt", "workflow", "extra_data", "extra_pnginfo", "extraMetadata", "output", "api", "graph", "metadata")
_MAX_INNER = 4  # levels of objects and lists around a graph
_MAX_ITEMS = 8  # of a list around a graph
_MAX_TEXTS_IN_TEXTS = 2
_SIGNS = ("class_type", "last_node_id", "widgets_values")  # of a graph that cannot be parsed
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
        seeds: The seeds that other texts name.
        problem: Why a text that looks like a graph is none, without a subject ("is no valid JSON"); "" otherwise.
    """

    api: JsonObject
    workflow: JsonObject
    told: JsonObject
    seeds: frozenset[int] = frozenset()
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
        value = _value(text)
        problem = problem or ("" if value is not None else _problem_of(text))
        for kind, graph in _graphs(value, _MAX_INNER):
            api = api or (graph if kind == _API else {})
            workflow = workflow or (graph if kind == _EDITOR else {})
        if api:
            return Source(api=api, workflow=workflow, told=_told(api))
    if workflow:
        return Source(api={}, workflow=workflow, told={}, seeds=frozenset(_seeds(texts)))
    is_told_elsewhere = any(_INFOTEXT in text for text in texts.values())
    return Source(api={}, workflow={}, told={}, problem=problem) if problem and not is_told_elsewhere else None


def _problem_of(text: str) -> str:
    """Return why a text is not read, when it looks like a graph."""
    return (excess_of(text) or "is no valid JSON") if any(sign in text for sign in _SIGNS) else ""


def _seeds(texts: Texts) -> Iterator[int]:
    """Yield the seeds that texts of the web UI name."""
    for text in texts.values():
        if _INFOTEXT in text:
            yield from (int(match[1]) for match in islice(_SEED.finditer(text), _MAX_SEEDS))


def _candidates(texts: Texts) -> Iterator[str]:
    """Yield the texts that may hold a graph, the usual fields first; one field may hold both graphs, each named."""
    fields = sorted(texts, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))
    marked = (text for text in map(texts.__getitem__, fields) if any(mark in text for mark in _MARKS))
    pieces = (piece.strip(_BLANK) for text in marked for piece in _named_pieces(text))
    yield from islice((piece for piece in pieces if piece.startswith(("{", '"', "["))), MAX_TEXTS)


def _named_pieces(text: str) -> list[str]:
    """Return what stands behind names of graphs in a text, and before the first one; mostly the text as it is."""
    is_alone = text.startswith("{") and "\n" not in text
    return [text] if is_alone else _PREFIX.split(text, MAX_TEXTS)


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
        inner = [entries[name] for name in _INNER if name in entries]
        others = (value for name, value in entries.items() if name not in _INNER and isinstance(value, str | dict))
        inner += islice(others, _MAX_ITEMS)
        for each in (*inner, *loose.items(value)[:_MAX_ITEMS]):
            yield from _graphs(each, levels - 1)


def _told(graph: JsonObject) -> JsonObject:
    """Return what Civitai wrote beside the nodes of a graph."""
    told = graph.get("extraMetadata")
    return loose.members(_value(told) if isinstance(told, str) else told)
