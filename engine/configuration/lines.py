"""On which line of a TOML file a key stands: the parser of the standard library does not say."""

from __future__ import annotations

import re

_TABLE = re.compile(r"\[{1,2}([^\[\]]++)\]{1,2}\s*(#.*)?$")
_KEY = re.compile(r"""((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


def key_lines(text: str) -> dict[tuple[str, ...], int]:
    """Return the line of each key and table, counted from 1, by its path from the top of the file.

    A guess from the text: a line of a text in several lines may look like a key.  The first line of a key counts.
    """
    lines: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(map(str.strip, text.split("\n")), start=1):  # other line breaks end none in TOML
        if match := _TABLE.match(line):
            table = _parts(match[1])
            lines.setdefault(table, number)
        elif match := _KEY.match(line):
            lines.setdefault((*table, *_parts(match[1])), number)
    return lines


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))
