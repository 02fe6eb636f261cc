"""Text chunks of a PNG: tEXt, zTXt and iTXt.  Tools convert one into another, so all three are read.

No more than a given limit is ever inflated.
"""

from __future__ import annotations

import zlib

from latentpng.png.chunks import build

KINDS = (b"tEXt", b"zTXt", b"iTXt")
KINDS_OF_TOOLS = (*KINDS, b"eXIf", b"comf")  # where other tools write text: `comf` is that of ComfyUI's animations
KEYWORD_BYTES = 80  # a keyword has at most 79 characters, and a zero behind it


def keyword_of(data: bytes) -> str:
    """Return the keyword of a text chunk; data: its start, KEYWORD_BYTES are enough."""
    return data[:KEYWORD_BYTES].partition(b"\0")[0].decode("latin-1")


def text_of(kind: bytes, data: bytes, limit: int) -> str | None:
    """Return the text of a text chunk.

    Args:
        kind: The type of the chunk, one of KINDS.
        data: Its data.
        limit: The greatest length of the text, in bytes; no more is inflated.

    Returns:
        The text, or None if it is malformed or longer.
    """
    _, _, rest = data.partition(b"\0")
    if kind == b"tEXt":
        return rest.decode("latin-1") if len(rest) <= limit else None
    if kind == b"zTXt":
        inflated = _inflate(rest[1:], limit) if rest[:1] == b"\0" else None
        return None if inflated is None else inflated.decode("latin-1")
    compressed, method = rest[:1], rest[1:2]
    _, _, rest = rest[2:].partition(b"\0")
    _, _, text = rest.partition(b"\0")
    inflated = _inflate(text, limit) if compressed == b"\1" and method == b"\0" else text
    if inflated is None or len(inflated) > limit:
        return None
    try:
        return inflated.decode()
    except UnicodeDecodeError:
        return None


def build_text(keyword: str, text: str) -> bytes:
    """Return a whole tEXt chunk, or an iTXt chunk if the text is not Latin-1; zeros in the text are left out."""
    text = text.replace("\0", "")
    try:
        return build(b"tEXt", keyword.encode("latin-1") + b"\0" + text.encode("latin-1"))
    except UnicodeEncodeError:
        return build(b"iTXt", keyword.encode("latin-1") + b"\0\0\0\0\0" + text.encode("utf-8", "replace"))


def _inflate(data: bytes, limit: int) -> bytes | None:
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(data, limit)
    except zlib.error:
        return None
    return text if inflater.eof else None
