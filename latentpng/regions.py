"""Regions as a round records them: how much of the picture they cover, whether they overlap, and names for people.

A region is rows of "0" and "1" joined by "/", a coarse grid over H x W: "1" may move (SPEC.md, sections 4 and 6).  ""
is the whole picture.  Pure functions of such texts; nothing here knows noise.
"""

from __future__ import annotations

WHOLE = ""
"""The region of the whole picture."""
WORDS = {
    "10": "left half",
    "01": "right half",
    "1/0": "top half",
    "0/1": "bottom half",
    "10/00": "top left quarter",
    "01/00": "top right quarter",
    "00/10": "bottom left quarter",
    "00/01": "bottom right quarter",
}
"""What people call the halves and the quarters."""


def coverage(region: str) -> float:
    """Return the part of the picture that a region covers, from 0 to 1."""
    return region.count("1") / (len(region) - region.count("/")) if region else 1.0


def region_words(region: str) -> str:
    """Return what people call a region: "top left quarter", or how much of the picture it is."""
    region = reduced(region)
    return WORDS.get(region) or (
        "whole picture" if not region else f"region of {max(1, round(100 * coverage(region)))}%"
    )


def reduced(region: str) -> str:
    """Return the region with as few cells as describe it; WHOLE when every cell may move."""
    if "0" not in region:
        return WHOLE
    rows = _squeezed(region.split("/"))
    columns = _squeezed(["".join(column) for column in zip(*rows, strict=True)])
    return "/".join("".join(row) for row in zip(*columns, strict=True))


def are_disjoint(first: str, second: str) -> bool:
    """Return whether no point of the picture lies in both regions, however different their grids are."""
    upper, lower = (first or "1").split("/"), (second or "1").split("/")
    columns = _touching(len(upper[0]), len(lower[0]))
    return not any(
        upper[i][k] == lower[j][m] == "1"
        for i, j in _touching(len(upper), len(lower))
        if "1" in upper[i] and "1" in lower[j]
        for k, m in columns
    )


def _touching(first: int, second: int) -> list[tuple[int, int]]:
    """Return which cells of two divisions of one line have points in common; the counts of their cells are given."""
    return [(i, j) for i in range(first) for j in range(i * second // first, -(-(i + 1) * second // first))]


def _squeezed(lines: list[str]) -> list[str]:
    """Return every n-th line for the largest n that loses nothing."""
    count = len(lines)
    for step in sorted((n for n in range(1, count + 1) if count % n == 0), reverse=True):
        if all(lines[at] == lines[at - at % step] for at in range(count)):
            return lines[::step]
    return lines
