"""Mutations of pictures: one or a few changes that respect the structure of a PNG, a `laTn` chunk or JSON.

A random change of bytes nearly always breaks a checksum, so the code behind the check is never reached.  Therefore most
mutations compute the checksums again.  All choices come from the `Random` that is passed in, so the same seed gives the
same bytes.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from latentpng.png.chunks import SIGNATURE, build
from tests.campaigns.files.contents import (
    MAX_BYTES,
    TEXTS,
    bytes_changed,
    header_changed,
    latent_changed,
    pixels_changed,
    text_changed,
)

KINDS = (
    *TEXTS, b"laTn", b"IDAT", b"IHDR", b"IEND", b"caBX", b"eXIf", b"PLTE", b"tRNS", b"acTL", b"fdAT", b"tiNy",
)  # fmt: skip


class Part(NamedTuple):
    """A chunk, or bytes that are not a chunk.

    Attributes:
        kind: Chunk type; empty for bytes that are not a chunk.
        data: Contents of the chunk.
        whole: All bytes, with length, type and checksum.
    """

    kind: bytes
    data: bytes
    whole: bytes


def mutated(data: bytes, other: bytes, random: Random) -> bytes:
    """Return a file with one to four changes.

    Args:
        data: The file.  Unless it is a PNG, only single bytes and ranges change.
        other: A file to take chunks from.
        random: Makes every choice.
    """
    for _ in range(random.choice((1, 1, 2, 2, 3, 4))):
        kind = random.random() if data.startswith(SIGNATURE) else 0.0
        if kind < 0.2:
            data = bytes_changed(data, random)
        elif kind < 0.45:
            data = _chunks_changed(data, other, random)
        else:
            data = _one_chunk_changed(data, random)
    return data[:MAX_BYTES]


def parts_of(data: bytes) -> list[Part]:
    """Return the chunks of a PNG after its signature, then what remains of the file as a part that is not a chunk."""
    found, at = [], len(SIGNATURE)
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if end > len(data):
            break
        found.append(Part(data[at + 4 : at + 8], data[at + 8 : end - 4], data[at:end]))
        at = end
    return [*found, Part(b"", b"", data[at:])]


def _chunks_changed(data: bytes, other: bytes, random: Random) -> bytes:
    """Duplicate, drop, move or splice whole chunks."""
    parts, spare = parts_of(data), parts_of(other)
    at, to = random.randrange(len(parts)), random.randrange(len(parts))
    match random.randrange(7):
        case 0:
            parts[to:to] = [parts[at]] * random.choice((1, 1, 2, 50))
        case 1:
            del parts[at]
        case 2:
            parts.insert(to, parts.pop(at))
        case 3:
            parts.insert(to, random.choice(spare))
        case 4:
            parts = parts[:at] + spare[random.randrange(len(spare)) :]
        case 5:
            parts.insert(to, _part(random.choice(KINDS), random.randbytes(random.choice((0, 1, 13, 100)))))
        case _:
            parts.append(random.choice(spare))
    return SIGNATURE + b"".join(part.whole for part in parts)


def _one_chunk_changed(data: bytes, random: Random) -> bytes:
    """Change the contents of a chunk, mostly a text or a latent; nine times in ten its checksum is right again."""
    parts = parts_of(data)
    likely = [at for at, part in enumerate(parts) if part.kind in (*TEXTS, b"laTn", b"eXIf")]
    at = random.choice(likely) if likely and random.random() < 0.9 else random.randrange(len(parts))
    kind, inside, whole = parts[at]
    if kind == b"laTn":
        changed = latent_changed(inside, random)
    elif kind in TEXTS:
        kind, changed = text_changed(kind, inside, random)
    elif kind == b"IHDR" and len(inside) == 13:
        changed = header_changed(inside, random)
    elif kind == b"IDAT" and random.random() < 0.5:
        changed = pixels_changed(inside, random)
    else:
        changed = bytes_changed(inside, random)
    if random.random() < 0.05:
        kind = random.choice(KINDS)
    part = _part(kind, changed)
    if random.random() < 0.1:
        part = part._replace(whole=whole[:4] + kind + changed + whole[-4:])
    parts[at] = part
    return SIGNATURE + b"".join(part.whole for part in parts)


def _part(kind: bytes, data: bytes) -> Part:
    return Part(kind, data, build(kind, data))
