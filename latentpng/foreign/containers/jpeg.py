"""The segments of a JPEG, also behind its first scan, and how many scans there are.  Source: ITU T.81.

Every scan of a progressive JPEG goes through the whole picture once more, and an empty one takes a dozen bytes.  So
their number is limited before pixels are decoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from latentpng.errors import UnreadableFileError

MAX_SCANS = 100
"""Ten is usual; the programs that search for the smallest file write up to about 60."""
SCAN, END = 0xDA, 0xD9

_FILL = 0xFF
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # inside pixels, FF stands before 00 or a restart marker
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})


class Segment(NamedTuple):
    """Where a segment stands.

    Attributes:
        marker: The second byte of its marker.
        start: Where its marker starts.
        end: Where the next segment starts; of a scan, behind its pixels.
    """

    marker: int
    start: int
    end: int


def segments_of(data: bytes, name: str) -> Iterator[Segment]:
    """Yield the segments of a JPEG behind its start marker, up to its end marker or the end of the file.

    Args:
        data: The file.
        name: The start of every message.

    Raises:
        UnreadableFileError: A segment is malformed.
    """
    at = 2
    while at < len(data):
        head = data[at : at + 4]
        if len(head) < 2 or head[0] != _FILL:
            raise UnreadableFileError(f"{name}: a JPEG segment is needed at byte {at}, found {head!r}")
        marker = head[1]
        if marker == END:
            return
        if marker == _FILL:  # a fill byte before the marker
            at += 1
            continue
        length = 2 if marker in _WITHOUT_LENGTH else 2 + int.from_bytes(head[2:], "big")
        if (length < 4 and marker not in _WITHOUT_LENGTH) or at + length > len(data):
            raise UnreadableFileError(f"{name}: a JPEG segment is needed at byte {at}, found {head!r}")
        end = at + length
        if marker == SCAN:
            following = _MARKER.search(data, end)
            end = following.start() if following else len(data)
        yield Segment(marker, at, end)
        at = end


def check_scans(data: bytes, name: str) -> None:
    """Check that a JPEG can be decoded in a bounded time.

    Args:
        data: The file.
        name: The start of every message.

    Raises:
        UnreadableFileError: It has more than MAX_SCANS scans, or a segment is malformed.
    """
    scans = 0
    for segment in segments_of(data, name):
        scans += segment.marker == SCAN
        if scans > MAX_SCANS:
            raise UnreadableFileError(f"{name}: a JPEG of at most {MAX_SCANS} scans is decoded, found more")
