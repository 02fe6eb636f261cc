"""Read the texts of a PNG, JPEG or WebP by keyword, without interpreting them.

Only keywords that some tool uses for settings are read, and at most 2 MiB of text per file; text beyond that limit is
ignored.
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

MAX_TEXT = 2**21  # bytes of all texts of a file together, decompressed
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
    """Read the texts of a file.

    Returns:
        The texts by keyword; the first text of a keyword counts.

    Raises:
        UnreadableFileError: The file cannot be read, is damaged, or is not a PNG, JPEG or WebP.
    """
    with open_picture(path) as (stream, size, name):
        return texts_of(stream, size, name)


def texts_of(stream: BinaryIO, size: int, name: str) -> dict[str, str]:
    """Read the texts of an open file.

    Args:
        stream: The file, which must be seekable.
        size: The length of the file in bytes.
        name: The name of the file in error messages.

    Returns:
        The texts by keyword; the first text of a keyword counts.

    Raises:
        UnreadableFileError: The file is damaged, or is not a PNG, JPEG or WebP.
    """
    stream.seek(0)
    start = stream.read(12)
    if start.startswith(SIGNATURE):
        return _png_texts(stream, size, name)
    if start.startswith(JPEG_START):
        blocks = jpeg_blocks(stream, size, name)
    elif start.startswith(RIFF) and start.endswith(WEBP):
        blocks = webp_blocks(stream, size, name)
    else:
        raise UnreadableFileError(f"{name}: it is not a PNG, JPEG or WebP" + ("" if start else ", it is empty"))
    found: dict[str, str] = {}
    left = MAX_TEXT
    for block in blocks:
        if len(block.data) <= left:
            left -= len(block.data)
            found = {**_block_texts(block), **found}
    return found


def _png_texts(stream: BinaryIO, size: int, name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    exif: dict[str, str] = {}
    left = MAX_TEXT
    for chunk in chunks.walk(stream, size, name):
        if chunk.kind == b"eXIf" and chunk.length <= left:
            left -= chunk.length
            exif = {**_block_texts(Block("exif", chunks.data_of(stream, chunk, name))), **exif}
        keyword = _keyword(stream, chunk, left)
        if not keyword or keyword in found:
            continue
        text = _text(chunk, chunks.data_of(stream, chunk, name), left)
        left -= min(left, max(chunk.length, len(text)))
        found[keyword] = text
    packet = found.pop(_XMP_KEYWORD, "")
    return {**xmp_texts(packet), **exif, **found}  # text chunks count before EXIF, and EXIF before XMP


def _keyword(stream: BinaryIO, chunk: Chunk, left: int) -> str:
    """Return the keyword of a text chunk that should be read; "" for any other chunk."""
    if chunk.kind not in texts.KINDS and chunk.kind != _ANIMATED_KIND:
        return ""
    if chunk.length > left:
        return ""
    stream.seek(chunk.data_offset)
    keyword = texts.keyword_of(stream.read(min(80, chunk.length)))
    return keyword if keyword in _KEYWORDS else ""


def _text(chunk: Chunk, data: bytes, left: int) -> str:
    """Return the text of a chunk; "" when it is malformed or too long.

    Several tools write UTF-8 where PNG asks for Latin-1, so Latin-1 text that is valid UTF-8 is decoded as UTF-8.
    """
    kind = b"tEXt" if chunk.kind == _ANIMATED_KIND else chunk.kind
    text = texts.text_of(kind, data, left) or ""
    return text if kind == b"iTXt" or text.isascii() else bytes_text(text.encode("latin-1"))


def _block_texts(block: Block) -> dict[str, str]:
    if block.kind == "exif":
        return _unpacked(exif_texts(block.data))
    text = bytes_text(block.data)
    return xmp_texts(text) if block.kind == "xmp" else {"Comment": text}


def _unpacked(tags: Texts) -> dict[str, str]:
    """Return EXIF texts under the keywords of PNG.

    ComfyUI writes `prompt:{...}` into tags, because tags have no keyword; Fooocus writes its scheme into MakerNote.
    """
    found = {}
    for name, text in tags.items():
        prefix = _PREFIXED.match(text)
        if prefix:
            found[prefix[1].lower()] = text[prefix.end() :]
        else:
            found["fooocus_scheme" if name == "MakerNote" else name] = text
    return found
