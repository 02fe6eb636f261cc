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
8. Whatever else looks like settings: it is named, and not understood. Then a signature that says nothing of AI.

Text written by latentpng itself is ignored.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

from latentpng.foreign.containers.texts import Texts, read_texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import (
    a1111,
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
_LAST_READERS = (unknown.read, services.read_credentials)


def read_foreign(path: str | os.PathLike[str]) -> ForeignRecord:
    """Read what a tool wrote into a picture.

    Args:
        path: A PNG, JPEG or WebP.

    Returns:
        The record; its `tool` is "" when the file has no text of a tool, and "unknown" when it is not understood.

    Raises:
        UnreadableFileError: The file cannot be read, is damaged, or is not a PNG, JPEG or WebP.
    """
    return foreign_from_texts(read_texts(path))


def foreign_from_texts(texts: Texts) -> ForeignRecord:
    """Read what a tool wrote from the texts of a picture.

    Args:
        texts: The texts by keyword, as `texts.read_texts` returns them.

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
        texts: The texts by keyword, as `texts.read_texts` returns them.

    Returns:
        The record, with "latentpng" as its tool; None when there is no such text with enough fields.
    """
    text = texts.get(KEYWORD, "")
    infotext = parse(text) if is_own_text(text) else None
    return None if infotext is None else replace(a1111.record_of(infotext), tool=OWN_TOOL, version="", made_by="")
