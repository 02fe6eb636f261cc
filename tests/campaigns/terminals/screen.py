"""What a terminal shows after everything that was written to it: as much of one as the app needs.

Text stands in cells; sixels lie over cells until text is written there; the images of Kitty's protocol have numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import product

from rich.cells import cell_len

_TOKEN = re.compile(
    r"(?P<string>\x1b(?P<kind>[P_\]^X])(?P<body>[^\x1b\x07]*)(?:\x07|\x1b\\))"
    r"|\x1b\[(?P<parameters>[0-9;:?<>=$]*)(?P<final>[@-~])"
    r"|\x1b[78=>]|(?P<text>[^\x1b\x07]+)|(?P<odd>[\x1b\x07])"
)
_SIXEL = re.compile(r'[\d;]*q"\d+;\d+;(\d+);(\d+)')
_CELL = (10, 20)
"""Width and height of a character of `FakeTerminal` in pixels."""
_IMAGE = re.compile(r"Ga=([td]),[^;]*?i=(\d+)")


@dataclass(slots=True)
class Screen:
    """A screen.

    Attributes:
        cells: The characters, by row and column from 0 on.
        sixels: The sixels, by the row and column of their first cell.
        images: The data of the images of Kitty's protocol, by their number.
        odd: What is no escape sequence that a terminal understands.
    """

    cells: dict[tuple[int, int], str] = field(default_factory=dict)
    sixels: dict[tuple[int, int], str] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)
    odd: list[str] = field(default_factory=list)
    _row: int = 0
    _column: int = 0
    _saved: tuple[int, int] = (0, 0)
    _covered: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    _image: str = ""

    def write(self, data: bytes) -> None:
        """Take what was written; it has to end with a whole sequence."""
        for token in _TOKEN.finditer(data.decode("utf-8", "replace")):
            if token["text"]:
                self._print(token["text"])
            elif token["string"]:
                self._take(token["kind"], token["body"])
            elif token["final"] == "H":
                row, _, column = token["parameters"].partition(";")
                self._row, self._column = int(row or 1) - 1, int(column or 1) - 1
            elif token[0] == "\x1b7":
                self._saved = self._row, self._column
            elif token[0] == "\x1b8":
                self._row, self._column = self._saved
            elif token["odd"] == "\x1b":
                self.odd.append(data.decode("utf-8", "replace")[token.start() : token.start() + 40])

    def pictures(self) -> dict[str, str]:
        """Return the pictures by their place."""
        return {str(place): data for place, data in self.sixels.items()} | self.images

    def text(self) -> list[str]:
        """Return the lines, without blanks at their ends."""
        rows: dict[int, dict[int, str]] = {}
        for (row, column), character in self.cells.items():
            rows.setdefault(row, {})[column] = character
        return [
            "".join(line.get(column, " ") for column in range(max(line) + 1)).rstrip()
            for _, line in sorted(rows.items())
        ]

    def _print(self, text: str) -> None:
        for character in text:
            if character == "\r":
                self._column = 0
            elif character == "\n":
                self._row, self._column = self._row + 1, 0
            elif width := cell_len(character):
                self.cells[self._row, self._column] = character
                self.sixels.pop(self._covered.pop((self._row, self._column), (-1, -1)), None)
                self._column += width
            elif (before := (self._row, self._column - 1)) in self.cells:
                self.cells[before] += character

    def _take(self, kind: str, body: str) -> None:
        if kind == "P" and (size := _SIXEL.match(body)):
            place = self._row, self._column
            self.sixels[place] = body
            columns, rows = (-(-int(pixels) // cell) for pixels, cell in zip(size.groups(), _CELL, strict=True))
            for row, column in product(range(rows), range(columns)):
                self._covered[place[0] + row, place[1] + column] = place
        elif kind == "_" and (found := _IMAGE.match(body)):
            self._image = found[2]
            self.images.pop(self._image, None)
            if found[1] == "t":
                self.images[self._image] = body
        elif kind == "_" and body.startswith("Gq=2,m="):
            self.images[self._image] = self.images.get(self._image, "") + body
