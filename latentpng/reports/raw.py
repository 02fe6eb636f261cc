"""The texts of other tools in a file as they stand, and the graph of ComfyUI among them."""

from __future__ import annotations

import os
from collections.abc import Iterator

from latentpng.chunk.strict_json import json_text
from latentpng.errors import NoLatentError
from latentpng.foreign.containers.found import Texts
from latentpng.foreign.read import Reading, reading_of
from latentpng.foreign.tools.loosejson import read_object
from latentpng.png.open import open_picture
from latentpng.png.parameters import KEYWORD, is_own_text

_GRAPHS = ("workflow", "prompt")  # of the editor, of the API
_EDITOR_MARK, _API_MARK = '"nodes"', '"class_type"'
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
    for mark in (_EDITOR_MARK, _API_MARK):
        for graph in graphs:
            if mark in graph:
                return graph
    raise NoLatentError(f"{name}: it has no graph of ComfyUI{_notes(reading)}")


def _notes(reading: Reading) -> str:
    return "".join(f"; {note}" for note in reading.record.notes)


def _graphs(texts: Texts) -> Iterator[str]:
    """Yield each JSON object that may be a graph, those under the keywords of ComfyUI first.

    These are not parsed, because a graph may be larger than what is parsed of other texts.
    """
    yield from (texts[keyword] for keyword in _GRAPHS if texts.get(keyword, "").lstrip().startswith("{"))
    for keyword in _HOLDERS:
        holder = read_object(texts.get(keyword, ""))
        members = [holder[key] for key in _GRAPHS if key in holder]
        yield from (member if isinstance(member, str) else json_text(member) for member in members)
        if holder and not members:
            yield texts[keyword]
