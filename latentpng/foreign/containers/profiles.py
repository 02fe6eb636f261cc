"""Decode the profiles that ImageMagick writes into PNG texts as hexadecimal: EXIF, XMP and IPTC of other formats.

Such a text has the keyword "Raw profile type NAME". It consists of NAME, the length in bytes, and the bytes in
hexadecimal, each on lines of their own.
"""

from __future__ import annotations

KEYWORD = "Raw profile type "
XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
_KINDS = {"exif": "exif", "app1": "exif", "xmp": "xmp", "iptc": "photoshop", "8bim": "photoshop"}


def kind_of_profile(keyword: str) -> str:
    """Return what a profile holds: "exif", "xmp" or "photoshop"; "" for a keyword of anything else."""
    prefix, name = keyword[: len(KEYWORD)], keyword[len(KEYWORD) :]
    return _KINDS.get(name.lower(), "") if prefix.lower() == KEYWORD.lower() else ""


def profile(text: str) -> bytes | None:
    """Return the bytes of a profile; None when the text is malformed or ends early."""
    words = text.split(maxsplit=2)
    if len(words) < 3 or not words[1].isascii() or not words[1].isdigit() or len(words[1]) > 9:
        return None
    try:
        data = bytes.fromhex(words[2])  # white space between two bytes is ignored
    except ValueError:
        return None
    return data[: int(words[1])] if len(data) >= int(words[1]) else None
