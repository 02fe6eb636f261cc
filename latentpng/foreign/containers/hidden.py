"""Look for a text that is hidden in the pixels of a PNG, or of a WebP or AVIF that keeps the lowest bits.

A PNG is decoded only when its first column starts with the signature of such a text. WebP and AVIF have to be decoded
to see any pixel, so this is done only for lossless pictures and those with alpha, which both formats keep exactly. No
text is looked for in pictures of more than MAX_PIXELS, or MAX_DECODED in WebP and AVIF.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO

from latentpng.errors import UnreadableFileError
from latentpng.foreign.containers.found import MAX_TEXT, FoundTexts
from latentpng.foreign.containers.pixels import open_other
from latentpng.foreign.containers.segments import webp_chunks
from latentpng.png import kinds
from latentpng.png.first_column import may_hide_text
from latentpng.png.pixels import value_strips
from latentpng.png.scanlines import Strips
from latentpng.png.stealth import Source, find_hidden

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

MAX_PIXELS = 2**24
MAX_DECODED = (
    2**22
)  # pixels of WebP and AVIF, whose decoders take 16 bytes for each; a file of 34 bytes may have so many
KEYWORD = "parameters"
_ROWS = 64  # that are looked at at once
_EXACT_CHUNKS = frozenset({b"VP8L", b"ALPH"})  # a lossless picture, and the alpha of a lossy one
_AVIF_ALPHA = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha"
_AVIF_HEAD = 2**14  # bytes: the description of the picture stands in front


def hidden_text(stream: BinaryIO, size: int, name: str) -> FoundTexts:
    """Return the text that is hidden in the pixels of an open file, under the keyword `parameters`.

    Args:
        stream: The file, which must be seekable.
        size: The length of the file in bytes.
        name: The name of the file in error messages.

    Returns:
        The text, with a note that says where it was; nothing when there is none, or the pixels cannot be decoded.
    """
    try:
        source = _source(stream, size, name)
        found = None if source is None else find_hidden(source, MAX_TEXT)
    except UnreadableFileError:  # the texts of the file may be good all the same
        return FoundTexts()
    if found is None:
        return FoundTexts()
    place = "the alpha channel" if found.channel == "alpha" else "the colours"
    if not found.text:
        note = f"a text is hidden in {place}, but it is damaged or longer than the {MAX_TEXT:,} bytes that are read"
        return FoundTexts(notes=(note,))
    return FoundTexts(texts=MappingProxyType({KEYWORD: found.text}), notes=(f"its text was hidden in {place}",))


def _source(stream: BinaryIO, size: int, name: str) -> Source | None:
    """Return the picture, as RGB or RGBA; None when it holds no hidden text for sure."""
    stream.seek(0)
    start = stream.read(_AVIF_HEAD)
    kind = kinds.kind_of(start[: kinds.START_BYTES])
    if kind == kinds.PNG:
        is_likely = may_hide_text(stream, size, name, MAX_PIXELS)
        return (lambda: value_strips(stream, size, name)) if is_likely else None
    if kind == kinds.WEBP and any(chunk in _EXACT_CHUNKS for chunk, _, _ in webp_chunks(stream, size, name)):
        return _decoded(stream, size, name)
    if kind == kinds.AVIF and _AVIF_ALPHA in start:
        return _decoded(stream, size, name)
    return None


def _decoded(stream: BinaryIO, size: int, name: str) -> Source | None:
    """Decode a WebP or AVIF; None when it has too many pixels.

    Raises:
        UnreadableFileError: It cannot be decoded.
    """
    try:
        picture = open_other(stream, size, name)
        if picture.width * picture.height > min(MAX_PIXELS, MAX_DECODED):
            return None
        picture.load()
        decoded = picture if picture.mode in ("RGB", "RGBA") else picture.convert("RGB")
    except Exception as error:  # on broken data Pillow raises many undocumented kinds
        raise UnreadableFileError(f"{name}: its pixels cannot be decoded ({error})") from error
    return lambda: Strips(decoded.width, decoded.height, len(decoded.getbands()), _strips(decoded))


def _strips(picture: Image.Image) -> Iterator[NDArray[np.uint8]]:
    import numpy as np

    for top in range(0, picture.height, _ROWS):
        yield np.asarray(picture.crop((0, top, picture.width, min(top + _ROWS, picture.height))))
