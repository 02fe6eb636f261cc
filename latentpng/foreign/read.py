"""What the metadata of another tool's picture say, whichever tool it was.

Order of recognition: a form that only one tool writes counts before a form that several share.  So the keywords of
InvokeAI come first, then what names NovelAI, SwarmUI, Fooocus or stable-diffusion.cpp; then the graph of ComfyUI, which
says more than the text that some of its nodes add; then Draw Things, known by its keys alone; last the text of web UI
and of those that copy it.  Our own text is nobody's.
"""

from __future__ import annotations

import os
from dataclasses import replace

from latentpng.foreign.containers.texts import Texts, read_texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import a1111, drawthings, fooocus, invokeai, novelai, sdcpp, swarmui
from latentpng.foreign.tools.comfyui import read as comfyui
from latentpng.foreign.tools.infotext import parse
from latentpng.png.parameters import KEYWORD, OWN_TOOL, is_ours

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
    """What a picture's file says; its tool is "" when none is recognised.

    UnreadableFileError when it cannot be read, or is no PNG, JPEG or WebP.
    """
    return foreign_from_texts(read_texts(path))


def foreign_from_texts(texts: Texts) -> ForeignRecord:
    """The same from texts by their keywords, as `texts.read_texts` gives them."""
    others = {keyword: text for keyword, text in texts.items() if keyword != KEYWORD or not is_ours(text)}
    for read in _READERS:
        record = read(others)
        if record is not None:
            return record
    return ForeignRecord()


def own_from_texts(texts: Texts) -> ForeignRecord | None:
    """What our own `parameters` text says, its tool "latentpng"; None when there is none with enough fields."""
    text = texts.get(KEYWORD, "")
    infotext = parse(text) if is_ours(text) else None
    return None if infotext is None else replace(a1111.record_of(infotext), tool=OWN_TOOL, version="")
