"""Which kind of picture a file is, by its first bytes.  Nothing else is checked."""

from __future__ import annotations

from latentpng.png.chunks import SIGNATURE

START_BYTES = 64  # enough for the brands of a BMFF file
PNG, JPEG, WEBP, AVIF, HEIF, GIF = "PNG", "JPEG", "WebP", "AVIF", "HEIF", "GIF"
READ = "PNG, JPEG, WebP, AVIF or GIF"  # the kinds whose metadata is read, as messages name them

_JPEG_START = b"\xff\xd8\xff"
_GIF_STARTS = (b"GIF87a", b"GIF89a")
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset(
    {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"mif2", b"msf1"}
)


def kind_of(start: bytes) -> str:
    """Return the kind of a picture.

    Args:
        start: The first START_BYTES of the file, or all of a shorter one.

    Returns:
        One of the constants above; "" for anything else.
    """
    if start.startswith(SIGNATURE):
        return PNG
    if start.startswith(_JPEG_START):
        return JPEG
    if start.startswith(_GIF_STARTS):
        return GIF
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return WEBP
    if start[4:8] == b"ftyp":
        length = int.from_bytes(start[:4], "big")
        brands = {start[at : at + 4] for at in (8, *range(16, min(length, len(start)), 4))}  # 12: a version
        return AVIF if brands & _AVIF_BRANDS else HEIF if brands & _HEIF_BRANDS else ""
    return ""
