"""The texts of other tools in a file as they stand, and the graph of ComfyUI among them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from latentpng.chunk.strict_json import json_text
from latentpng.errors import NoLatentError
from latentpng.foreign.containers.found import Texts
from latentpng.foreign.read import Reading, reading_of
from latentpng.foreign.tools.loosejson import read_object
from latentpng.png.open import open_picture
from latentpng.png.parameters import KEYWORD, is_own_text
from latentpng.record import Json

_EDITOR, _API = "workflow", "prompt"
_HOLDERS = ("UserComment", "Comment", "parameters", "ImageDescription", "Description", "XPComment")


def foreign_reading(file: str | os.PathLike[str]) -> Reading:
    """Read the texts of other tools, those of latentpng left out.

    Args:
        file: A PNG, JPEG, WebP, AVIF or GIF file; "-" is standard input.

    Raises:
        UnreadableFileError: The file cannot be read, or is not such a picture.
        NoLatentError: It has no text of another tool.
    """
    with open_picture(file) as (stream, size, name):
        reading = reading_of(stream, size, name)
        texts = {key: text for key, text in reading.texts.items() if key != KEYWORD or not is_own_text(text)}
        if not texts:
            raise NoLatentError(f"{name}: it has no text of another tool{_notes(reading)}")
        return reading._replace(texts=texts)


def graph_of(file: str | os.PathLike[str]) -> str:
    """Return the graph of ComfyUI that a file holds: that of the editor if there is one, else that of the API.

    Args:
        file: A PNG, JPEG, WebP, AVIF or GIF file; "-" is standard input.

    Returns:
        The JSON text as it stands in the file; a graph inside another object is written anew.

    Raises:
        UnreadableFileError: The file cannot be read, or is not such a picture.
        NoLatentError: It has no graph.
    """
    with open_picture(file) as (stream, size, name):
        reading = reading_of(stream, size, name)
    graphs = list(_graphs(reading.texts))
    for is_wanted in (_is_editor, _is_api):
        for text, graph in graphs:
            if is_wanted(graph):
                return text
    raise NoLatentError(f"{name}: it has no graph of ComfyUI{_notes(reading)}")


def _notes(reading: Reading) -> str:
    return "".join(f"; {note}" for note in reading.record.notes)


def _graphs(texts: Texts) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """Yield each JSON object that may be a graph, with its text, those under the keywords of ComfyUI first."""
    for keyword in (_EDITOR, _API):
        yield texts.get(keyword, ""), read_object(texts.get(keyword, ""))
    for keyword in _HOLDERS:
        holder = read_object(texts.get(keyword, ""))
        for key in (_EDITOR, _API):
            member = holder.get(key)
            inner = read_object(member) if isinstance(member, str) else member
            if isinstance(inner, dict):
                yield member if isinstance(member, str) else json_text(inner), inner
        yield texts.get(keyword, ""), holder


def _is_editor(graph: Mapping[str, Json]) -> bool:
    return isinstance(graph.get("nodes"), list)


def _is_api(graph: Mapping[str, Json]) -> bool:
    return any(isinstance(node, dict) and "class_type" in node for node in graph.values())
