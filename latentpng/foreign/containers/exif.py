"""Read the few EXIF tags that tools write settings into.

Wrong offsets and counts lead to no text, never to an error, because only a handful of tags are looked up. The layout is
that of TIFF 6.0 and Exif 2.3.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

Order: TypeAlias = Literal["little", "big"]

MAX_ENTRIES = 512  # per directory
_ENTRY_BYTES = 12
_ORDERS: dict[bytes, Order] = {b"II*\0": "little", b"MM\0*": "big"}
_BYTE_TYPES = frozenset({1, 2, 7})  # BYTE, ASCII, UNDEFINED: one byte per value
_LONG = 4
_SUB_DIRECTORY = 0x8769
_USER_COMMENT = 0x9286
_XP_COMMENT = 0x9C9C
_NAMES = {
    0x010E: "ImageDescription",
    0x010F: "Make",
    0x0110: "Model",
    0x0131: "Software",
    0x927C: "MakerNote",
    _USER_COMMENT: "UserComment",
    _XP_COMMENT: "XPComment",
}
_UNICODE, _JIS = b"UNICODE\0", b"JIS\0\0\0\0\0"
_PLAIN = (b"ASCII\0\0\0", bytes(8))


def exif_texts(data: bytes) -> dict[str, str]:
    """Return the texts of an EXIF block by the names of their tags.

    Args:
        data: The block, with or without the prefix "Exif" of JPEG.

    Returns:
        The texts that are not empty; {} when the block is not EXIF.
    """
    data = data.removeprefix(b"Exif\0\0")
    order = _ORDERS.get(data[:4])
    if order is None:
        return {}
    found = _directory(data, int.from_bytes(data[4:8], order), order)
    pointer = found.pop(_SUB_DIRECTORY, b"")
    if pointer:
        found = {**_directory(data, int.from_bytes(pointer, order), order), **found}
    texts = {_NAMES[tag]: _decode(tag, value, order) for tag, value in found.items() if tag in _NAMES}
    return {name: text for name, text in texts.items() if text}


def _directory(data: bytes, at: int, order: Order) -> dict[int, bytes]:
    """Return the values of the wanted tags of one directory; the first entry of a tag counts."""
    found: dict[int, bytes] = {}
    number = min(int.from_bytes(data[at : at + 2], order), MAX_ENTRIES)
    for start in range(at + 2, at + 2 + number * _ENTRY_BYTES, _ENTRY_BYTES):
        entry = data[start : start + _ENTRY_BYTES]
        tag, kind = int.from_bytes(entry[:2], order), int.from_bytes(entry[2:4], order)
        length = int.from_bytes(entry[4:8], order)
        if len(entry) < _ENTRY_BYTES or tag in found:
            continue
        if tag == _SUB_DIRECTORY and kind == _LONG and length == 1:
            found[tag] = entry[8:]
        elif tag in _NAMES and kind in _BYTE_TYPES:
            offset = start + 8 if length <= 4 else int.from_bytes(entry[8:], order)  # up to 4 bytes stand in the entry
            value = data[offset : offset + length]
            if len(value) == length:
                found[tag] = value
    return found


def _decode(tag: int, value: bytes, order: Order) -> str:
    if tag == _XP_COMMENT:
        return value.decode("utf-16-le", "replace").rstrip("\0")
    if tag == _USER_COMMENT:
        mark = value[:8]
        if mark == _JIS:
            return ""
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
    """Decode UTF-16 whose byte order may be wrong: a byte order mark counts, then the position of ASCII's zeros."""
    if value[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return value.decode("utf-16", "replace").rstrip("\0")
    zeros_first, zeros_second = value[::2].count(0), value[1::2].count(0)
    big = zeros_first > zeros_second or (zeros_first == zeros_second and order == "big")
    return value.decode("utf-16-be" if big else "utf-16-le", "replace").rstrip("\0")
