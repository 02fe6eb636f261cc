"""Tell from its first bytes what a file is that is read as no photograph, so that the error can say what to do."""

from __future__ import annotations

FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "TIFF", "BMP", "GIF", "PPM")
"""Formats of Pillow that are read; others run programs, or are no photographs."""
NAMED = "PNG, JPEG, WebP, AVIF, TIFF, BMP, GIF or PPM"
"""The same, as messages and help texts name them."""
_BRANDS = {
    "HEIC": (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"heif", b"mif1", b"msf1"),
    "AVIF": (b"avif", b"avis"),
    "Canon raw": (b"crx ",),
}
"""Major brands of ISO media files that hold pictures; every other brand is taken for a video."""
_STARTS = {
    b"\xff\x0a": "JPEG XL",
    b"\x00\x00\x00\x0cJXL ": "JPEG XL",
    b"\x00\x00\x00\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"8BPS": "Photoshop",
    b"FUJIFILMCCD-RAW": "Fujifilm raw",
    b"gimp xcf": "GIMP",
    b"\x76\x2f\x31\x01": "OpenEXR",
    b"#?RADIANCE": "Radiance HDR",
    b"qoif": "QOI",
    b"\x00\x00\x01\x00": "ICO",
    b"%PDF": "PDF",
    b"<svg": "SVG",
    b"\x1a\x45\xdf\xa3": "video",
    b"PK\x03\x04": "ZIP",
}


def why_not_read(data: bytes) -> str:
    """Return why a file cannot be read as a photograph, and what to do, as a clause.

    Args:
        data: The file, or its first bytes.
    """
    if not data:
        return "the file is empty"
    kind = _kind(data)
    if kind == "AVIF":
        return "AVIF needs Pillow 11.3 or newer, built with AVIF: upgrade it, or convert the file to JPEG or PNG"
    if kind == "video":
        return "videos are not read: save one of its pictures as PNG first"
    if kind == "ZIP":
        return "archives are not read: unpack it first"
    if kind:
        return f"{kind} files are not read: convert it to JPEG or PNG first"
    return f"it is not a {NAMED}"


def _kind(data: bytes) -> str:
    if data[4:8] == b"ftyp":
        return next((kind for kind, brands in _BRANDS.items() if data[8:12] in brands), "video")
    return next((kind for start, kind in _STARTS.items() if data.startswith(start)), "")
