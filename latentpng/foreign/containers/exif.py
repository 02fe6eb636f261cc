"""Read the EXIF tags that tools write settings into.

Wrong offsets and counts lead to no text, never to an error, because only a handful of tags are looked up. Pillow is not
used here: it decodes every tag, warns on standard error about wrong ones, and gives comments as bytes or as Latin-1
anyway. The layout is that of TIFF 6.0 and Exif 2.3.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

Order: TypeAlias = Literal["little", "big"]

MAX_ENTRIES = 512  # per directory
_ENTRY_BYTES = 12
_ORDERS: dict[bytes, Order] = {b"II*\0": "little", b"MM\0*": "big"}
_BYTE_TYPES = frozenset({1, 2, 6, 7, 129})  # BYTE, ASCII, SBYTE, UNDEFINED, UTF-8: one byte per value
_LONG = 4
_SUB_DIRECTORY = 0x8769
_MAKER_NOTE = 0x927C
_USER_COMMENT = 0x9286
_NAMES = {
    0x010D: "DocumentName",
    0x010E: "ImageDescription",
    0x010F: "Make",
    0x0110: "Model",
    0x0131: "Software",
    0x013B: "Artist",
    0x8298: "Copyright",
    _MAKER_NOTE: "MakerNote",
    _USER_COMMENT: "UserComment",
}
_XP_NAMES = {0x9C9B: "XPTitle", 0x9C9C: "XPComment", 0x9C9D: "XPAuthor", 0x9C9E: "XPKeywords", 0x9C9F: "XPSubject"}
_UNICODE, _JIS = b"UNICODE\0", b"JIS\0\0\0\0\0"
_PLAIN = (b"ASCII\0\0\0", bytes(8))
_SHORT_WORDS = re.compile(rb"[ -~]{1,100}\0*")
_START = 64  # bytes of a value that tell whether a tag without a name holds a graph
_GRAPH = re.compile(rb'[A-Za-z_]\w{0,39}\s{0,2}:\s{0,2}\{\s{0,8}"')


def exif_texts(data: bytes) -> dict[str, str]:
    """Return the texts of an EXIF block by the names of their tags.

    Args:
        data: The block, with or without the prefix "Exif" of JPEG.

    Returns:
        The texts that are not empty; {} when the block is not EXIF. A tag of another name counts when its value is
        `keyword:{"...`, as ComfyUI numbers the tags that it writes graphs into downwards; its name is "tag NUMBER".
    """
    data = data.removeprefix(b"Exif\0\0")
    order = _ORDERS.get(data[:4])
    if order is None:
        return {}
    found = _directory(data, int.from_bytes(data[4:8], order), order)
    pointer = found.pop(_SUB_DIRECTORY, b"")
    if pointer:
        found = {**_directory(data, int.from_bytes(pointer, order), order), **found}
        found.pop(_SUB_DIRECTORY, None)
    texts = {_name(tag): _decode(tag, value, order) for tag, value in found.items()}
    return {name: text for name, text in texts.items() if text and not text.isspace()}


def _name(tag: int) -> str:
    return _NAMES.get(tag) or _XP_NAMES.get(tag) or f"tag {tag}"


def _directory(data: bytes, at: int, order: Order) -> dict[int, bytes]:
    """Return the values of the wanted tags of one directory; the first entry of a tag counts."""
    found: dict[int, bytes] = {}
    left = len(data)  # no more is copied than the block holds, however many entries name the same bytes
    number = min(int.from_bytes(data[at : at + 2], order), MAX_ENTRIES)
    for start in range(at + 2, at + 2 + number * _ENTRY_BYTES, _ENTRY_BYTES):
        entry = data[start : start + _ENTRY_BYTES]
        tag, kind = int.from_bytes(entry[:2], order), int.from_bytes(entry[2:4], order)
        length = int.from_bytes(entry[4:8], order)
        if len(entry) < _ENTRY_BYTES or tag in found:
            continue
        if tag == _SUB_DIRECTORY and kind == _LONG and length == 1:
            found[tag] = entry[8:]
        elif kind in _BYTE_TYPES and length <= left:
            offset = start + 8 if length <= 4 else int.from_bytes(entry[8:], order)  # up to 4 bytes stand in the entry
            if not _is_wanted(tag, data[offset : offset + min(length, _START)]):
                continue
            value = data[offset : offset + length]
            if len(value) == length:
                found[tag] = value
                left -= length
    return found


def _is_wanted(tag: int, start: bytes) -> bool:
    return tag in _NAMES or tag in _XP_NAMES or _GRAPH.match(start) is not None


def _decode(tag: int, value: bytes, order: Order) -> str:
    if tag in _XP_NAMES:
        return _utf16(value, "little")
    if tag == _MAKER_NOTE:  # cameras write bytes of their own there
        return value.rstrip(b"\0").decode() if _SHORT_WORDS.fullmatch(value) else ""
    if tag == _USER_COMMENT:
        mark = value[:8]
        if mark == _JIS:
            return _japanese(value[8:].rstrip(b"\0"))
        if mark == _UNICODE:
            return _utf16(value[8:], order)
        value = value[8:] if mark in _PLAIN else value
    return bytes_text(value.rstrip(b"\0"))


def bytes_text(value: bytes) -> str:
    """Decode bytes as UTF-8 when they are valid UTF-8, else as Latin-1."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _utf16(value: bytes, order: Order) -> str:
    """Decode UTF-16 whose byte order may be wrong: a byte order mark counts, then the position of ASCII's zeros.

    Text without zeros that is valid UTF-8 is UTF-8: some tools write it under the mark of Unicode.
    """
    if b"\0" not in value.rstrip(b"\0"):
        try:
            return value.rstrip(b"\0").decode()
        except UnicodeDecodeError:
            pass
    if value[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return value.decode("utf-16", "replace").rstrip("\0")
    zeros_first, zeros_second = value[::2].count(0), value[1::2].count(0)
    big = zeros_first > zeros_second or (zeros_first == zeros_second and order == "big")
    return value.decode("utf-16-be" if big else "utf-16-le", "replace").rstrip("\0")


def _japanese(value: bytes) -> str:
    """Decode text under the mark of JIS, which is ISO-2022-JP; "" when it is not."""
    try:
        return value.decode("iso2022_jp")
    except UnicodeDecodeError:
        return ""
