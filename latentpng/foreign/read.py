"""Read the metadata of another tool's picture, whichever tool it was.

A form that only one tool writes is tried before a form that several tools share. The keywords of InvokeAI come first,
then texts that name NovelAI, SwarmUI, Fooocus or stable-diffusion.cpp; then the graph of ComfyUI, which says more than
the text that some of its nodes add; then Draw Things, which is recognised by its keys alone; last the text of the web
UI and of the tools that copy it. Text written by latentpng itself is ignored.
"""

from __future__ import annotations

import os
from dataclasses import replace

from latentpng.foreign.containers.texts import Texts, read_texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import a1111, drawthings, fooocus, invokeai, novelai, sdcpp, swarmui
from latentpng.foreign.tools.comfyui import read as comfyui
from latentpng.foreign.tools.infotext import parse
from latentpng.png.parameters import KEYWORD, OWN_TOOL, is_own_text

_READERS = (
    invokeai.read,
    novelai.read,
    swarmui.read,
    fooocus.read,
    sdcpp.read,
    comfyui.read,
    drawthings.read,
    a1111.read,
)


def read_foreign(path: str | os.PathLike[str]) -> ForeignRecord:
    """Read what a tool wrote into a picture.

    Args:
        path: A PNG, JPEG or WebP.

    Returns:
        The record; its `tool` is "" when no tool was recognised.

    Raises:
        UnreadableFileError: The file cannot be read, is damaged, or is not a PNG, JPEG or WebP.
    """
    return foreign_from_texts(read_texts(path))


def foreign_from_texts(texts: Texts) -> ForeignRecord:
    """Read what a tool wrote from the texts of a picture.

    Args:
        texts: The texts by keyword, as `texts.read_texts` returns them.

    Returns:
        The record; its `tool` is "" when no tool was recognised.
    """
    others = {keyword: text for keyword, text in texts.items() if keyword != KEYWORD or not is_own_text(text)}
    for read in _READERS:
        record = read(others)
        if record is not None:
            return record
    return ForeignRecord()


def own_from_texts(texts: Texts) -> ForeignRecord | None:
    """Read the `parameters` text that latentpng itself writes.

    Args:
        texts: The texts by keyword, as `texts.read_texts` returns them.

    Returns:
        The record, with "latentpng" as its tool; None when there is no such text with enough fields.
    """
    text = texts.get(KEYWORD, "")
    infotext = parse(text) if is_own_text(text) else None
    return None if infotext is None else replace(a1111.record_of(infotext), tool=OWN_TOOL, version="")
