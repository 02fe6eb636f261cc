"""A plain reader of all that stands before the tensor of a picture, by the rules of latentpng/SPEC.md alone.

Slow and plain on purpose: the whole file in memory, each rule written down again, nothing read early and nothing
skipped.  `independent.py` trusts its input and replays noise; this module trusts nothing and replays nothing.
"""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

NO_PNG, NO_LATENT, DAMAGED = "not a PNG", "no latent", "damaged"
TEXT_KINDS = (b"tEXt", b"zTXt", b"iTXt")
RESERVED = {"carrier", "chunk_bytes", "codec", "digest", "dims", "dtype", "file", "version"}
MAX_TWIN = 263_168
ONLY_SEED, DIGEST = re.compile("0|[1-9][0-9]{0,19}"), re.compile("[0-9a-f]{64}")


class PlainFront(NamedTuple):
    """The front of a picture; metadata is None, and dims is (), if a newer version hides them."""

    carrier: str
    version: tuple[int, int]
    dims: tuple[int, ...]
    digest: str
    metadata: dict[str, Any] | None
    is_newer: bool


class BrokenRuleError(Exception):
    """A rule is broken."""


class Piece(NamedTuple):
    """A chunk of a PNG."""

    kind: bytes
    data: bytes
    is_whole: bool


def front_of(png: bytes) -> PlainFront | str:
    """Return the front of a picture, or NO_PNG, NO_LATENT, DAMAGED."""
    pieces: list[Piece] = []
    try:
        for piece in pieces_of(png):
            pieces.append(piece)
            if piece.kind == b"IDAT" and any(earlier.kind == b"laTn" for earlier in pieces):
                break
    except BrokenRuleError:
        return NO_PNG
    kinds = [piece.kind for piece in pieces]
    first_idat = kinds.index(b"IDAT") if b"IDAT" in kinds else len(kinds)
    latents = [piece for piece in pieces[:first_idat] if piece.kind == b"laTn"]
    latents = latents or [piece for piece in pieces if piece.kind == b"laTn"]
    twins = [piece for piece in pieces if piece.kind in TEXT_KINDS and keyword(piece.data) == b"latentpng"]
    if not latents and not twins:
        return NO_LATENT
    try:
        return of_chunk(latents) if latents else of_twin(twins[0])
    except BrokenRuleError:
        return DAMAGED


def pieces_of(png: bytes) -> Iterator[Piece]:
    """Yield the chunks from IHDR to IEND: section 2."""
    need(png[:8] == b"\x89PNG\r\n\x1a\n")
    at = 8
    while True:
        length, kind = int.from_bytes(png[at : at + 4], "big"), png[at + 4 : at + 8]
        need(re.fullmatch(rb"[A-Za-z]{4}", kind) is not None and length < 2**31)
        need((kind == b"IHDR") == (at == 8) and (kind != b"IHDR" or length == 13))
        need(at + 12 + length <= len(png))
        data, checksum = png[at + 8 : at + 8 + length], png[at + 8 + length : at + 12 + length]
        yield Piece(kind, data, zlib.crc32(kind + data) == int.from_bytes(checksum, "big"))
        if kind == b"IEND":
            return
        at += 12 + length


def of_chunk(latents: list[Piece]) -> PlainFront:
    """Return the front of a laTn chunk, of several equal ones: section 3."""
    first = latents[0]
    for other in latents[1:]:
        need(first.is_whole and other.is_whole and other.data == first.data and len(first.data) <= 2**22)
    data = first.data
    need(data[:4] == b"LPNG" and len(data) >= 6 and data[4] > 0)
    version = (data[4], data[5])
    if version[0] > 1:
        need(first.is_whole or len(data) > 2**22)
        return PlainFront("chunk", version, (), "", None, True)
    need(72 <= len(data) <= 2**22)
    length, payload = int.from_bytes(data[8:12], "little"), int.from_bytes(data[12:16], "little")
    need(length <= 2**18 and 72 + length + payload == len(data))
    text, digest = data[72 : 72 + length], data[36:68].hex()
    need(int.from_bytes(data[68:72], "little") == zlib.crc32(data[:68] + text))
    is_large = data[6] == 1
    if data[6] > 1:
        return PlainFront("chunk", version, (), digest, None, True)
    codec, dtype, ndim, zero = data[16:20]
    sides = [int.from_bytes(data[at : at + 4], "little") for at in (20, 24, 28, 32)]
    need(zero == 0 and 1 <= ndim <= 4 and not any(sides[ndim:]))
    dims = tuple(sides[:ndim])
    need(min(dims) >= 1 and math.prod(dims) <= (2**23 if is_large else 2**21))
    need(not is_large or (math.prod(dims) > 2**21 and codec not in (1, 2)))
    metadata = strict_json(text)
    is_newer = check(metadata, dims)
    return PlainFront("chunk", version, dims, digest, metadata, is_newer or codec > 2 or dtype != 1)


def of_twin(twin: Piece) -> PlainFront:
    """Return the front of a twin: section 2, item 2."""
    need(twin.is_whole and len(twin.data) <= 2 * MAX_TWIN)
    text = inflated(twin)
    need(len(text) <= MAX_TWIN)
    entries = strict_json(text)
    version, dims, dtype, digest = (entries.pop(key, None) for key in ("version", "dims", "dtype", "digest"))
    need(isinstance(version, list) and len(version) == 2 and all(whole(part) and 0 <= part < 256 for part in version))
    need(version[0] >= 1)
    if version[0] > 1:
        return PlainFront("twin", (version[0], version[1]), (), "", None, True)
    need(isinstance(dims, list) and 1 <= len(dims) <= 4 and all(whole(side) and side >= 1 for side in dims))
    need(math.prod(dims) <= 2**23 and isinstance(dtype, str) and is_digest(digest))
    is_newer = check(entries, tuple(dims))
    return PlainFront("twin", (1, version[1]), tuple(dims), digest, entries, is_newer or dtype != "float16")


def inflated(twin: Piece) -> bytes:
    """Return the text of tEXt, zTXt or iTXt."""
    rest = twin.data.partition(b"\0")[2]
    if twin.kind == b"tEXt":
        return rest
    if twin.kind == b"zTXt":
        need(rest[:1] == b"\0")
        packed, rest = True, rest[1:]
    else:
        packed, rest = rest[:2] == b"\1\0", rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    if not packed:
        return rest
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(rest, MAX_TWIN + 1)
    except zlib.error as error:
        raise BrokenRuleError from error
    need(inflater.eof)
    return text


def strict_json(text: bytes) -> dict[str, Any]:
    """Return the object of a text with ASCII alone, no duplicate keys, limited depth and numbers: section 4."""

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        need(len({key for key, _ in items}) == len(items))
        return dict(items)

    def number(digits: str) -> float:
        need(len(digits) <= 40 and math.isfinite(float(digits)))
        return float(digits)

    def integer(digits: str) -> int:
        need(len(digits) <= 40)
        return int(digits)

    def constant(_: str) -> None:
        raise BrokenRuleError

    need(text.isascii() and nesting(text.decode()) <= 32)
    try:
        value = json.loads(
            text.decode(), object_pairs_hook=pairs, parse_float=number, parse_int=integer, parse_constant=constant
        )
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise BrokenRuleError from error
    need(isinstance(value, dict))
    return dict(value)


def nesting(text: str) -> int:
    """Return how deep objects and lists are nested, as far as the text can be read."""
    depth = deepest = 0
    for token in re.findall(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', text):
        if token[0] != '"':
            depth += 1 if token in "[{" else -1
            deepest = max(deepest, depth)
    return deepest


def keeps_rules(entries: dict[str, Any], dims: tuple[int, ...]) -> bool:
    """Return whether metadata keeps every rule of section 4."""
    try:
        check(entries, dims)
    except BrokenRuleError:
        return False
    return True


def check(entries: dict[str, Any], dims: tuple[int, ...]) -> bool:
    """Check the rules of section 4; True if the noise is of a generator that this version does not know."""
    need(not RESERVED & entries.keys())
    if isinstance(entries.get("noise"), str) and entries["noise"] != "gauss1":
        return True
    need({"base", "noise", "node", "root", "rounds"} <= entries.keys() and entries["noise"] == "gauss1")
    need(is_digest(entries["node"]) and is_digest(entries.get("pixels", "0" * 64)))
    need(isinstance(entries.get("settings", {}), dict) and isinstance(entries.get("software", {}), dict))
    axes = entries.get("axes", ("L", "LC", "CHW", "NCHW")[len(dims) - 1])
    need(isinstance(axes, str) and len(axes) == len(dims) and re.fullmatch("[1A-Z]*", axes) is not None)
    need(axes.count("H") == axes.count("W") <= 1 and axes.find("H") <= axes.find("W"))
    root, rounds = entries["root"], entries["rounds"]
    need(isinstance(root, dict) and isinstance(rounds, list) and len(rounds) <= 4096)
    if "seed" in root:
        need(is_seed(root["seed"]) and not {"tensor", "source"} & root.keys())
    else:
        need(root.get("tensor") is True and isinstance(root.get("source", {}), dict) and math.prod(dims) <= 2**21)
    need(whole(entries["base"]) and entries["base"] == (len(rounds) if "seed" in root else 0))
    for entry in rounds:
        check_round(entry, dims, axes)
    need(math.prod(dims) * sum(max(8, entry["of"]) for entry in rounds) <= 2**31)
    return False


def check_round(entry: Any, dims: tuple[int, ...], axes: str) -> None:
    """Check the rules about a round: section 4."""
    need(isinstance(entry, dict) and {"seed", "of", "marks", "scale"} <= entry.keys())
    of, marks, scale = entry["of"], entry["marks"], entry["scale"]
    need(is_seed(entry["seed"]) and whole(of) and 1 <= of <= 64)
    need(isinstance(marks, list) and all(whole(mark) and 0 <= mark < of for mark in marks))
    need(1 <= len(marks) == len(set(marks)) and (len(marks) < of or of == 1))
    need(real(scale) and 0 <= scale <= 1)
    need(real(entry.get("prompt_scale", 0)) and 0 <= entry.get("prompt_scale", 0) <= 1)
    need(isinstance(entry.get("settings", {}), dict) and isinstance(entry.get("before", {}), dict))
    height, width = (dims[axes.index("H")], dims[axes.index("W")]) if "H" in axes else (0, 0)
    bands, region = entry.get("bands", []), entry.get("region", "")
    need(isinstance(bands, list) and all(real(band) and band >= 0 and scale * band <= 1 for band in bands))
    if bands:
        octaves, side = 1, min(height, width)
        while side > 4:
            octaves, side = octaves + 1, (side + 1) // 2
        need(height > 0 and len(bands) == octaves)
    need(isinstance(region, str))
    if region:
        rows = region.split("/")
        need(all(re.fullmatch("[01]+", row) and len(row) == len(rows[0]) for row in rows))
        need(len(rows) <= min(64, height) and len(rows[0]) <= min(64, width))


def need(rule: bool) -> None:
    """Raise BrokenRuleError if a rule does not hold."""
    if not rule:
        raise BrokenRuleError


def keyword(data: bytes) -> bytes:
    """Return the keyword of a text chunk."""
    return data.split(b"\0")[0]


def whole(value: Any) -> bool:
    """Return whether a value is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def real(value: Any) -> bool:
    """Return whether a value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_digest(value: Any) -> bool:
    """Return whether a value is 64 lower-case hexadecimal digits."""
    return isinstance(value, str) and DIGEST.fullmatch(value) is not None


def is_seed(value: Any) -> bool:
    """Return whether a value is a decimal string from 0 to 2^64 - 1."""
    return isinstance(value, str) and ONLY_SEED.fullmatch(value) is not None and int(value) < 2**64
