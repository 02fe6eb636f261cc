"""The texts that a picture carries, by keyword, whichever kind of file it is: PNG, JPEG or WebP.

Reads only keywords that some tool writes settings under, and 2 MiB of text at most: what is beyond is as if it was not
there.  Knows nothing of what the texts say.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import BinaryIO, TypeAlias

from latentpng.errors import UnreadableFileError
from latentpng.foreign.containers.exif import bytes_text, exif_texts
from latentpng.foreign.containers.segments import JPEG_START, RIFF, WEBP, Block, jpeg_blocks, webp_blocks
from latentpng.foreign.containers.xmp import xmp_texts
from latentpng.png import chunks, texts
from latentpng.png.chunks import SIGNATURE, Chunk
from latentpng.png.open import open_picture

Texts: TypeAlias = Mapping[str, str]

MAX_TEXT = 2**21  # bytes of all texts of a file together, inflated
_XMP_KEYWORD = "XML:com.adobe.xmp"
_KEYWORDS = frozenset(
    {
        "Comment",
        "Description",
        "Dream",
        "Software",
        "Source",
        "fooocus_scheme",
        "invokeai_metadata",
        "parameters",
        "prompt",
        "sd-metadata",
        "workflow",
        _XMP_KEYWORD,
    }
)
_ANIMATED_KIND = b"comf"  # ComfyUI's own chunk of animated PNGs: keyword and text as in tEXt
_PREFIXED = re.compile(r"(prompt|workflow)\s*:\s*(?=\{)", re.IGNORECASE)


def read_texts(path: str | os.PathLike[str]) -> dict[str, str]:
    """All texts of a file; the first of a keyword counts.  UnreadableFileError when it is no PNG, JPEG or WebP."""
    with open_picture(path) as (stream, size, name):
        return texts_of(stream, size, name)


def texts_of(stream: BinaryIO, size: int, name: str) -> dict[str, str]:
    """The same for an open file.  name: what errors call it."""
    stream.seek(0)
    start = stream.read(12)
    if start.startswith(SIGNATURE):
        return _png_texts(stream, size, name)
    if start.startswith(JPEG_START):
        blocks = jpeg_blocks(stream, size, name)
    elif start.startswith(RIFF) and start.endswith(WEBP):
        blocks = webp_blocks(stream, size, name)
    else:
        raise UnreadableFileError(f"{name}: it is no PNG, JPEG or WebP" + ("" if start else ", it is empty"))
    found: dict[str, str] = {}
    left = MAX_TEXT
    for block in blocks:
        if len(block.data) <= left:
            left -= len(block.data)
            found = {**_block_texts(block), **found}
    return found


def _png_texts(stream: BinaryIO, size: int, name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    further: dict[str, str] = {}  # what EXIF and XMP say counts after what the texts say
    left = MAX_TEXT
    for chunk in chunks.walk(stream, size, name):
        if chunk.kind == b"eXIf" and chunk.length <= left:
            left -= chunk.length
            further = {**_block_texts(Block("exif", chunks.data_of(stream, chunk, name))), **further}
        keyword = _keyword(stream, chunk, left)
        if not keyword or keyword in found:
            continue
        text = _text(chunk, chunks.data_of(stream, chunk, name), left)
        left -= min(left, max(chunk.length, len(text)))
        found[keyword] = text
    packet = found.pop(_XMP_KEYWORD, "")
    return {**xmp_texts(packet), **further, **found}


def _keyword(stream: BinaryIO, chunk: Chunk, left: int) -> str:
    """The keyword of a text chunk that is to be read, "" for any other chunk."""
    if chunk.kind not in texts.KINDS and chunk.kind != _ANIMATED_KIND:
        return ""
    if chunk.length > left:
        return ""
    stream.seek(chunk.data_offset)
    keyword = texts.keyword_of(stream.read(min(80, chunk.length)))
    return keyword if keyword in _KEYWORDS else ""


def _text(chunk: Chunk, data: bytes, left: int) -> str:
    """Empty when it is malformed or too long.  Latin-1 that is UTF-8 was meant so: several tools write it."""
    kind = b"tEXt" if chunk.kind == _ANIMATED_KIND else chunk.kind
    text = texts.text_of(kind, data, left) or ""
    return text if kind == b"iTXt" or text.isascii() else bytes_text(text.encode("latin-1"))


def _block_texts(block: Block) -> dict[str, str]:
    if block.kind == "exif":
        return _unpacked(exif_texts(block.data))
    text = bytes_text(block.data)
    return xmp_texts(text) if block.kind == "xmp" else {"Comment": text}


def _unpacked(tags: Texts) -> dict[str, str]:
    """ComfyUI writes `prompt:{...}` into tags that have no room for a keyword; Fooocus its scheme into MakerNote."""
    found = {}
    for name, text in tags.items():
        prefix = _PREFIXED.match(text)
        if prefix:
            found[prefix[1].lower()] = text[prefix.end() :]
        else:
            found["fooocus_scheme" if name == "MakerNote" else name] = text
    return found
