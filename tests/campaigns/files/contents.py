"""Mutations of the contents of a chunk: any bytes, an IHDR, a `laTn` chunk, a text, and JSON inside the last two."""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from random import Random
from typing import Any

MAX_BYTES = 2**18
NUMBERS = (
    0, 1, 2, 3, 4, 7, 8, 16, 63, 64, 65, 127, 128, 255, 256, 4095, 4097,
    2**16, 2**21, 2**22, 2**31 - 1, 2**31, 2**32 - 1,
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 0.5, 1.0, 1e308, 2**53, 10**39, 2**64, "", "0", "7", "18446744073709551615", "x",
    "\x1b[2J", "\u202e", "🂡", "0" * 64, "01/10", "gauss1", "float16", [], {}, [[]], [0], [0, 0], [1.0, 1.0],
    ["a", ["b", 0]], {"a": {}}, {"seed": "1"}, {"tensor": True},
    {"class_type": "KSampler", "inputs": {"model": ["1", 0]}},
    -0.0, 5e-324, -1e308, 2**63, -(2**63), 10**38, "-0", "1e999", "nan", "[red]x[/red]", "[@click=app.quit]x[/]",
    "../../../etc/passwd", "file:///etc/passwd", "~/.ssh/id", "x\0y", "\x9b2J", "\u2066x\u2069", "a\r\nb", "\x7f",
    "é" * 300, "(" * 300, "<lora:../x:1e999>", [None] * 300, {"name": "x", "sha256": "0" * 64, "weight": 1e308},
    {"name": ["x"]}, "/".join(["01" * 32] * 64), [1e308] * 32,
)  # fmt: skip
TOKENS = (
    b"[", b"{", b'{"a":', b"]", b"}", b'"', b"\\", b"\\ud800", b"\\u0000", b"NaN", b"-", b"1e999", b"9" * 50, b",",
    b"\0", b"\xff", b"[" * 100, b"\\udfff\\ud800", b"-0.0", b"Infinity", b"1e-999", b'"a":1,"a":2,', b"\xef\xbb\xbf",
)  # fmt: skip
KEYS = (
    "x", "seed", "bands", "region", "prompt_scale", "axes", "settings", "tensor", "dims", "inputs", "before", "marks",
    "of", "scale", "model", "loras", "vae", "embeddings", "scheduler", "steps", "guidance", "width", "height", "slot",
    "step_seed", "confirmed", "passes", "source", "photo", "octave_std", "prompt", "prompt_style", "clip_skip",
    "pixels", "warnings",
)  # fmt: skip
TEXTS = (b"tEXt", b"zTXt", b"iTXt")
KEYWORDS = (
    b"latentpng", b"parameters", b"prompt", b"workflow", b"Comment", b"invokeai_metadata", b"sd-metadata", b"Dream",
    b"Description", b"Software", b"Title", b"",
)  # fmt: skip
HEADER_FIELDS = (  # of a laTn chunk, as (offset, size)
    (0, 4), (4, 1), (5, 1), (6, 2), (8, 4), (12, 4), (16, 1), (17, 1), (18, 1), (19, 1), (20, 4), (24, 4), (28, 4),
    (32, 4), (36, 32),
)  # fmt: skip


def bytes_changed(data: bytes, random: Random) -> bytes:
    """Flip, set, cut, insert, repeat or overwrite bytes anywhere."""
    at = random.randrange(len(data) + 1)
    length = random.choice((1, 1, 2, 4, 8, random.randrange(1, 100)))
    piece = data[at : at + length]
    return random.choice(
        (
            lambda: data[:at] + bytes(byte ^ 1 << random.randrange(8) for byte in data[at : at + 1]) + data[at + 1 :],
            lambda: data[:at] + random.randbytes(len(piece)) + data[at + length :],
            lambda: data[:at] + data[at + length :],
            lambda: data[:at],
            lambda: data[:at] + random.randbytes(length) + data[at:],
            lambda: data[:at] + piece * random.choice((2, 3, 100)) + data[at + length :],
            lambda: data[:at] + _number(random) + data[at + 4 :],
            lambda: data[:at] + random.choice(TOKENS) + data[at:],
        )
    )()


def header_changed(data: bytes, random: Random) -> bytes:
    """Change width, height, depth, colour type, compression, filter or interlacing of an IHDR."""
    offset = random.choice((0, 4, 8, 9, 10, 11, 12))
    likely = random.choice((b"\0", b"\1", b"\2", b"\3", b"\4", b"\6", b"\x08", b"\x10"))
    new = _number(random)[::-1] if offset < 8 else random.choice((likely, random.randbytes(1)))
    return data[:offset] + new + data[offset + len(new) :]


def pixels_changed(data: bytes, random: Random) -> bytes:
    """Change the inflated rows of an IDAT, whose stream is whole again, or put a bomb in their place."""
    try:
        rows = zlib.decompressobj().decompress(data, MAX_BYTES)
    except zlib.error:
        rows = b""
    if random.random() < 0.2:
        return zlib.compress(bytes([random.randrange(6)]) * 10 ** random.randrange(7))
    return zlib.compress(bytes_changed(rows, random), random.choice((0, 1, 9)))


def latent_changed(data: bytes, random: Random) -> bytes:
    """Change a field of a latent's header, its metadata or its payload; lengths and checksum are mostly right again."""
    if len(data) < 72:
        return bytes_changed(data, random)
    length = int.from_bytes(data[8:12], "little")
    header, metadata, payload = data[:68], data[72 : 72 + length], data[72 + length :]
    match random.randrange(4):
        case 0:
            offset, size = random.choice(HEADER_FIELDS)
            header = header[:offset] + (_number(random) * 8)[:size] + header[offset + size :]
        case 1:
            payload = bytes_changed(payload, random)
            if header[16] == 1:  # the raw codec: with a right digest, the noise itself is checked too
                header = header[:36] + hashlib.sha256(payload).digest()
        case _:
            metadata = json_changed(metadata, random)
    if random.random() < 0.9:
        header = header[:8] + struct.pack("<II", len(metadata), len(payload)) + header[16:]
    checksum = struct.pack("<I", zlib.crc32(metadata, zlib.crc32(header)))
    return header + (checksum if random.random() < 0.95 else data[68:72]) + metadata + payload


def text_changed(kind: bytes, data: bytes, random: Random) -> tuple[bytes, bytes]:
    """Change the keyword, the text or the chunk type of a text chunk; return its type and contents."""
    keyword, text = _text_of(kind, data)
    if random.random() < 0.15:
        keyword = random.choice(KEYWORDS)
    if random.random() < 0.85:
        text = json_changed(text, random) if text.lstrip()[:1] == b"{" else bytes_changed(text, random)
    if random.random() < 0.03:
        text = random.choice((b" ", b"[", b"a, ", b"\n")) * 10**6
        return b"zTXt", keyword + b"\0\0" + zlib.compress(text)
    match random.randrange(5):
        case 0:
            return b"zTXt", keyword + b"\0\0" + zlib.compress(text)
        case 1:
            return b"iTXt", keyword + b"\0\1\0\0\0" + zlib.compress(text)
        case 2:
            return b"iTXt", keyword + b"\0\0\0\0\0" + text
        case 3:
            return kind, bytes_changed(data, random)
        case _:
            return b"tEXt", keyword + b"\0" + text


def _text_of(kind: bytes, data: bytes) -> tuple[bytes, bytes]:
    """Return keyword and text of a text chunk, as far as they can be read."""
    keyword, _, rest = data.partition(b"\0")
    if kind == b"iTXt":
        head, (_, _, rest) = rest[:2], rest[2:].partition(b"\0")
        rest = rest.partition(b"\0")[2]
        compressed = head[:1] == b"\1"
    else:
        compressed, rest = kind == b"zTXt", rest[1:] if kind == b"zTXt" else rest
    if compressed:
        try:
            rest = zlib.decompressobj().decompress(rest, MAX_BYTES)
        except zlib.error:
            rest = b""
    return keyword, rest


def json_changed(text: bytes, random: Random) -> bytes:
    """Change a value, a key or a token of a JSON text."""
    if random.random() < 0.4:
        return bytes_changed(text, random)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return bytes_changed(text, random)
    holder, key = _random_position(value, random)
    if holder is None:
        return json.dumps(random.choice(VALUES)).encode()
    match random.randrange(6):
        case 0:
            del holder[key]
        case 1:
            holder[key] = [holder[key]] * random.choice((1, 2, 40))
        case 2 if isinstance(holder, dict):
            holder[random.choice(KEYS)] = holder[key]
        case 3:
            holder[key] = {"a": holder[key]}
        case _:
            holder[key] = random.choice(VALUES)
    changed = json.dumps(value, separators=random.choice(((",", ":"), (", ", ": ")))).encode()
    return changed.replace(b'"seed"', b'"of"', 1) if random.random() < 0.05 else changed


def _random_position(value: Any, random: Random) -> tuple[Any, Any]:
    """Pick a value in nested lists and objects: return its container and its key, or (None, None) without one."""
    holder, key = None, None
    while isinstance(value, dict | list) and value and (holder is None or random.random() < 0.7):
        holder = value
        key = random.choice(list(value)) if isinstance(value, dict) else random.randrange(len(value))
        value = value[key]
    return holder, key


def _number(random: Random) -> bytes:
    """Return a number near a limit of the format, in four bytes, little-endian."""
    return struct.pack("<I", random.choice(NUMBERS))
