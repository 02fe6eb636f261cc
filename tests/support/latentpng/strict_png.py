"""A strict check of PNG files: the rules of ISO/IEC 15948, sections 5 and 11, that chunks can break.

It imports nothing of latentpng and knows only the chunks that our pictures may have.
"""

from __future__ import annotations

import zlib

ORDER = {b"IHDR": 0, b"PLTE": 1, b"tRNS": 2, b"IDAT": 3, b"IEND": 4}  # of those, each must come before the next
ONCE = {b"IHDR", b"PLTE", b"tRNS", b"IEND", b"laTn"}
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def problems(png: bytes) -> list[str]:
    """Return every rule that a file breaks; [] for a good file."""
    if png[:8] != b"\x89PNG\r\n\x1a\n":
        return ["signature"]
    found, at, chunks = [], 8, []
    while at < len(png):
        length, kind = int.from_bytes(png[at : at + 4], "big"), png[at + 4 : at + 8]
        data, checksum = png[at + 8 : at + 8 + length], png[at + 8 + length : at + 12 + length]
        if checksum != zlib.crc32(kind + data).to_bytes(4, "big"):
            return [f"checksum or length of {kind!r}"]
        chunks.append((kind, data))
        at += 12 + length
    kinds = [kind for kind, _ in chunks]
    found += [f"type {kind!r}" for kind in kinds if not _is_type(kind)]
    found += [f"unknown critical {kind!r}" for kind in kinds if kind[:1].isupper() and kind not in ORDER]
    found += [f"{kind!r} more than once" for kind in sorted(ONCE) if kinds.count(kind) > 1]
    if kinds[0] != b"IHDR" or kinds[-1] != b"IEND" or b"IDAT" not in kinds:
        return [*found, "IHDR first, IDAT, IEND last"]
    places = [ORDER[kind] for kind in kinds if kind in ORDER]
    pixels = [place for place, kind in enumerate(kinds) if kind == b"IDAT"]
    if places != sorted(places) or pixels[-1] - pixels[0] != len(pixels) - 1:
        found.append("order")
    found += [problem for kind, data in chunks if kind in (b"tEXt", b"zTXt", b"iTXt") for problem in _text(kind, data)]
    return found + _pixels(dict(chunks)[b"IHDR"], b"".join(data for kind, data in chunks if kind == b"IDAT"))


def _is_type(kind: bytes) -> bool:
    """Return whether a type is four letters whose third, a reserved bit, is a capital one."""
    return len(kind) == 4 and kind.isalpha() and kind[2:3].isupper()


def _text(kind: bytes, data: bytes) -> list[str]:
    keyword, separator, rest = data.partition(b"\0")
    name, found = keyword.decode("latin-1"), []
    if not separator or not 1 <= len(keyword) <= 79 or name != name.strip(" ") or "  " in name:
        found.append(f"keyword {name!r}")
    if not all(32 <= byte <= 126 or byte >= 161 for byte in keyword):
        found.append(f"characters of keyword {name!r}")
    if kind == b"tEXt" and b"\0" in rest:
        found.append(f"zero in the text {name!r}")
    if kind == b"iTXt":
        language, _, translated = rest[2:].partition(b"\0")
        _, separator, text = translated.partition(b"\0")
        if rest[:2] != b"\0\0" or language or not separator or "\0" in text.decode():
            found.append(f"fields of the text {name!r}")
    return found


def _pixels(header: bytes, stream: bytes) -> list[str]:
    """Check the filter byte and the length of every row; no picture of ours is interlaced."""
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    depth, colour, compression, filtering, interlace = header[8:]
    row = 1 + (width * depth * CHANNELS[colour] + 7) // 8
    inflated = zlib.decompress(stream)
    if (compression, filtering, interlace) != (0, 0, 0) or len(inflated) != row * height:
        return ["IHDR or the number of pixels"]
    return [] if max(inflated[::row]) <= 4 else ["filter"]
