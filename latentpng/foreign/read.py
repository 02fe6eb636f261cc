"""Read the metadata of another tool's picture, whichever tool it was.

A form that only one tool writes is tried before a form that several tools share, in these groups:

1. Keywords of one tool: InvokeAI, TensorArt, Stability Matrix, and the single fields of Easy Diffusion. TensorArt and
   Stability Matrix write the graph of ComfyUI too, so they come before it and complete what it says.
2. Texts that name their tool: NovelAI, SwarmUI, RuinedFooocus, Fooocus, stable-diffusion.cpp, mflux, imaginAIry and
   Mochi Diffusion. RuinedFooocus comes before Fooocus, whose name it contains.
3. The graph of ComfyUI, which says more than the text that some of its nodes add.
4. Objects that are recognised by their keys alone: Draw Things, then the spaces of Hugging Face.
5. The text of the web UI and of the tools and sites that copy it.
6. Services that sign or label a picture. They come behind all settings, because editors sign pictures of any tool.
7. Prompts without settings, in the form of the web UI.
8. Sites that sign a picture without any settings. Then settings of no known form, by the names of their fields.
9. Whatever else looks like settings: it is named, and not understood. Then a signature that says nothing of AI.

Text written by latentpng itself is ignored.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import BinaryIO, NamedTuple

from latentpng.chunk.strict_json import json_text
from latentpng.foreign.containers.found import FoundTexts, Texts
from latentpng.foreign.containers.hidden import hidden_text
from latentpng.foreign.containers.texts import texts_of
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import (
    a1111,
    by_names,
    drawthings,
    easydiffusion,
    fooocus,
    huggingface,
    imaginairy,
    invokeai,
    mflux,
    mochi,
    novelai,
    prompt_only,
    ruined_fooocus,
    sdcpp,
    services,
    sites,
    stability_matrix,
    swarmui,
    tensorart,
    unknown,
)
from latentpng.foreign.tools.comfyui import read as comfyui
from latentpng.foreign.tools.infotext import parse
from latentpng.foreign.tools.loosejson import read_object
from latentpng.png.open import open_picture
from latentpng.png.parameters import KEYWORD, OWN_TOOL, is_own_text

_READERS = (
    invokeai.read,
    tensorart.read,
    stability_matrix.read,
    easydiffusion.read,
    novelai.read,
    swarmui.read,
    ruined_fooocus.read,
    fooocus.read,
    sdcpp.read,
    mflux.read,
    imaginairy.read,
    mochi.read,
    comfyui.read,
    drawthings.read,
    huggingface.read,
    a1111.read,
    services.read,
    prompt_only.read,
)
_LAST_READERS = (services.read_sites, by_names.read, unknown.read, services.read_credentials)


class Reading(NamedTuple):
    """What a file says of other tools.

    Attributes:
        texts: All its texts by keyword, our own among them.
        record: What a tool wrote, with the notes on how it was read; its `tool` is "" when no tool was recognised.
        is_recognised: Whether any reader understood something.
    """

    texts: Texts
    record: ForeignRecord
    is_recognised: bool


def read_foreign(path: str | os.PathLike[str]) -> ForeignRecord:
    """Read what a tool wrote into a picture.

    Args:
        path: A PNG, JPEG, WebP, AVIF or GIF.

    Returns:
        The record; its `tool` is "" when the file has no text of a tool, and "unknown" when it is not understood.

    Raises:
        UnreadableFileError: The file cannot be read, is damaged, or is not a PNG, JPEG, WebP, AVIF or GIF.
    """
    with open_picture(path) as (stream, size, name):
        return reading_of(stream, size, name).record


def reading_of(stream: BinaryIO, size: int, name: str, *, in_pixels: bool = True) -> Reading:
    """Read what a tool wrote into an open file.

    Args:
        stream: The file, which must be seekable.
        size: The length of the file in bytes.
        name: The name of the file in error messages.
        in_pixels: Look for text that is hidden in the pixels when no other text is understood.

    Raises:
        UnreadableFileError: The file is damaged, or is not a PNG, JPEG, WebP, AVIF or GIF.
    """
    found = texts_of(stream, size, name)
    record = foreign_from_texts(found.texts)
    if in_pixels and record.tool in ("", unknown.TOOL):
        hidden = hidden_text(stream, size, name)
        found = FoundTexts(texts={**found.texts, **_members(hidden.texts)}, notes=(*found.notes, *hidden.notes))
        record = foreign_from_texts(found.texts) if hidden.texts else record
    is_recognised = record != ForeignRecord()
    return Reading(found.texts, replace(record, notes=(*record.notes, *found.notes)), is_recognised)


def _members(texts: Texts) -> dict[str, str]:
    """Return hidden texts; the members of a text that is a JSON object count as texts of their own (NovelAI)."""
    found = dict(texts)
    for text in texts.values():
        for keyword, value in read_object(text).items():
            found[keyword] = value if isinstance(value, str) else json_text(value)
    return found


def foreign_from_texts(texts: Texts) -> ForeignRecord:
    """Read what a tool wrote from the texts of a picture.

    Args:
        texts: The texts by keyword, as `texts.texts_of` finds them.

    Returns:
        The record; its `tool` is "" when the file has no text of a tool, and "unknown" when it is not understood.
    """
    others = {keyword: text for keyword, text in texts.items() if keyword != KEYWORD or not is_own_text(text)}
    is_own = len(others) < len(texts)
    for read in (*_READERS, *(() if is_own else _LAST_READERS)):
        record = read(others)
        if record is not None:
            return _completed(record, others)
    return ForeignRecord()


def _completed(record: ForeignRecord, texts: Mapping[str, str]) -> ForeignRecord:
    """Return the record with the site that made the picture and with who signed it, where the texts say so."""
    note = services.credentials_note(texts)
    return replace(
        record,
        made_by=record.made_by or sites.graph_site_of(texts) or sites.site_of(texts),
        notes=(*record.notes, note) if note else record.notes,
    )


def own_from_texts(texts: Texts) -> ForeignRecord | None:
    """Read the `parameters` text that latentpng itself writes.

    Args:
        texts: The texts by keyword, as `texts.texts_of` finds them.

    Returns:
        The record, with "latentpng" as its tool; None when there is no such text with enough fields.
    """
    text = texts.get(KEYWORD, "")
    infotext = parse(text) if is_own_text(text) else None
    return None if infotext is None else replace(a1111.record_of(infotext), tool=OWN_TOOL, version="", made_by="")
