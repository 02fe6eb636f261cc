"""Read the captions of IPTC-IIM, which JPEG keeps among the resources of Photoshop.

Sources: IPTC-IIM 4.2 for the records, and Adobe's description of image resource blocks. What is malformed ends the
reading, and is no error.
"""

from __future__ import annotations

from latentpng.foreign.containers.exif import bytes_text

PHOTOSHOP = b"Photoshop 3.0\0"
MAX_RECORDS = 512
_RESOURCE, _IIM = b"8BIM", 0x0404
_NAMES = {
    (2, 5): "Title",
    (2, 65): "Software",
    (2, 80): "Artist",
    (2, 110): "Credit",
    (2, 115): "Source",
    (2, 116): "Copyright",
    (2, 120): "Caption",
}


def photoshop_texts(data: bytes) -> dict[str, str]:
    """Return the texts of a block of Photoshop's resources.

    Args:
        data: The block, with or without the prefix "Photoshop 3.0" of JPEG; records of IPTC alone will do too.

    Returns:
        The texts by keyword; {} when there is none.
    """
    data = data.removeprefix(PHOTOSHOP)
    if not data.startswith(_RESOURCE):
        return iptc_texts(data)
    at = 0
    for _ in range(MAX_RECORDS):
        if data[at : at + 4] != _RESOURCE:
            break
        kind = int.from_bytes(data[at + 4 : at + 6], "big")
        name_bytes = 1 + data[at + 6] if at + 6 < len(data) else 1
        at += 6 + name_bytes + name_bytes % 2
        length = int.from_bytes(data[at : at + 4], "big")
        at += 4
        if kind == _IIM:
            return iptc_texts(data[at : at + length])
        at += length + length % 2
    return {}


def iptc_texts(data: bytes) -> dict[str, str]:
    """Return the texts of IPTC records by keyword; the first text of a keyword counts."""
    found: dict[str, str] = {}
    at = 0
    for _ in range(MAX_RECORDS):
        head = data[at : at + 5]
        length = int.from_bytes(head[3:], "big")
        if len(head) < 5 or head[0] != 0x1C:
            break
        at += 5
        if length & 0x8000:  # the length stands in that many bytes behind
            size = length & 0x7FFF
            length = int.from_bytes(data[at : at + min(size, 8)], "big")
            at += size
        value = data[at : at + length]
        name = _NAMES.get((head[1], head[2]))
        if name and len(value) == length and value.strip(b"\0"):
            found.setdefault(name, bytes_text(value.strip(b"\0")))
        at += length
    return found
