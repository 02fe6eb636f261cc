"""Decode the profiles that ImageMagick writes into PNG texts as hexadecimal: EXIF, XMP and IPTC of other formats.

Such a text has the keyword "Raw profile type NAME". It consists of a name, which may have several words, the length in
bytes, and the bytes in hexadecimal, each on lines of their own. A line may end between the two digits of a byte.
"""

from __future__ import annotations

import re

KEYWORD = "Raw profile type "
XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
_HEAD = re.compile(r"\s*+(?:\S[^\r\n]{0,79}?)\s+([0-9]{1,9})\s+")
_WHITE_SPACE = b" \t\r\n\v\f"
_KINDS = {"exif": "exif", "app1": "exif", "xmp": "xmp", "iptc": "photoshop", "8bim": "photoshop"}


def kind_of_profile(keyword: str) -> str:
    """Return what a profile holds: "exif", "xmp" or "photoshop"; "" for a keyword of anything else."""
    prefix, name = keyword[: len(KEYWORD)], keyword[len(KEYWORD) :]
    return _KINDS.get(name.lower(), "") if prefix.lower() == KEYWORD.lower() else ""


def profile(text: str) -> bytes | None:
    """Return the bytes of a profile; None when the text is malformed or ends early."""
    head = _HEAD.match(text)
    if head is None:
        return None
    try:
        data = bytes.fromhex(text[head.end() :].encode().translate(None, _WHITE_SPACE).decode())
    except ValueError:
        return None
    length = int(head[1])
    return data[:length] if len(data) >= length else None
