"""Read the texts of a PNG: text chunks, EXIF, XMP, profiles of ImageMagick, and the C2PA manifest.

The checksum of a text may be wrong, because some editors of metadata write wrong ones; then a note says so.
"""

from __future__ import annotations

from typing import BinaryIO

from latentpng.foreign.containers import profiles
from latentpng.foreign.containers.blocks import add_block
from latentpng.foreign.containers.exif import bytes_text
from latentpng.foreign.containers.found import MAX_TEXT, Collection
from latentpng.foreign.containers.segments import EXIF, MANIFEST, RESOURCES, XMP
from latentpng.png import chunks, texts
from latentpng.png.chunks import Chunk
from latentpng.png.twin import TWIN

_XMP_KEYWORD = "XML:com.adobe.xmp"
_ANIMATED_KIND = b"comf"  # ComfyUI's own chunk of animated PNGs: keyword and text as in tEXt
_BLOCK_KINDS = {b"eXIf": EXIF, b"caBX": MANIFEST}
_PROFILE_KINDS = {"exif": EXIF, "xmp": XMP, "photoshop": RESOURCES}
_TEXT_RANK = 0


def collect_png(stream: BinaryIO, size: int, name: str, found: Collection) -> None:
    """Collect the texts of a PNG.

    Args:
        stream: The file.
        size: The length of the file in bytes.
        name: The name of the file in error messages.
        found: Where the texts are collected.

    Raises:
        UnreadableFileError: The file is not a whole PNG.
    """
    for chunk in chunks.walk(stream, size, name):
        if chunk.kind in _BLOCK_KINDS:
            kind = _BLOCK_KINDS[chunk.kind]
            if found.has_room(f"its {kind}", chunk.length):
                add_block(found, kind, _data(stream, chunk, name, f"its {kind}", found))
        elif chunk.kind in texts.KINDS or chunk.kind == _ANIMATED_KIND:
            _collect_text(stream, chunk, name, found)


def _collect_text(stream: BinaryIO, chunk: Chunk, name: str, found: Collection) -> None:
    keyword = texts.keyword_of(chunks.first_bytes(stream, chunk, texts.KEYWORD_BYTES))
    what = f"its text {keyword!r}"
    if keyword == TWIN or found.has(keyword, _TEXT_RANK) or not found.has_room(what, chunk.length):
        return
    text = _text(chunk.kind, _data(stream, chunk, name, what, found))
    if text is None:
        found.note(f"{what} is damaged, or longer than the {MAX_TEXT:,} bytes that are read")
        return
    if len(text) > chunk.length and not found.has_room(what, len(text) - chunk.length):
        return
    kind = profiles.kind_of_profile(keyword)
    if keyword == _XMP_KEYWORD:
        add_block(found, XMP, text.encode("utf-8", "surrogatepass"))
    elif not kind:
        found.add(keyword, text, _TEXT_RANK)
    elif (data := profiles.profile(text)) is None:
        found.note(f"{what} is damaged")
    else:
        is_xmp = data.startswith(profiles.XMP_HEAD)
        add_block(found, XMP if is_xmp else _PROFILE_KINDS[kind], data.removeprefix(profiles.XMP_HEAD))


def _data(stream: BinaryIO, chunk: Chunk, name: str, what: str, found: Collection) -> bytes:
    data, is_right = chunks.unchecked_data_of(stream, chunk, name)
    if not is_right:
        found.note(f"the checksum of {what} is wrong")
    return data


def _text(kind: bytes, data: bytes) -> str | None:
    """Return the text of a chunk; None when it is malformed or too long.

    Several tools write UTF-8 where PNG asks for Latin-1, so Latin-1 text that is valid UTF-8 is decoded as UTF-8.
    """
    kind = b"tEXt" if kind == _ANIMATED_KIND else kind
    text = texts.text_of(kind, data, MAX_TEXT)
    return text if text is None or kind == b"iTXt" or text.isascii() else bytes_text(text.encode("latin-1"))
