"""The contact sheet: the pictures of the way side by side, each with its words, in one PNG.

The PNG carries no latent: its pixels are those of many pictures, and a file that claims the noise of one of them would
fail every check of it.
"""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import InvalidRequestError
from engine.film.frames import image_of, line_height, with_words
from engine.film.plan import FilmPlan
from latentpng.png.atomic import write_file

if TYPE_CHECKING:
    from PIL import Image

    from engine.rendering.events import Picture

MAX_SHEET_SIDE = 4096
"""The longer side of a sheet in pixels, about: its pictures are made smaller when they do not fit."""
_ASPECT = 1.5
"""The width of a sheet for its height, as far as whole rows allow."""
_BACKGROUND = (18, 18, 18)


def grid_of(count: int, width: int, height: int) -> tuple[int, int]:
    """Return the columns and rows of a sheet: its last row is as full as its proportions allow.

    Args:
        count: The number of its pictures.
        width: The width of one of them with its words.
        height: Its height.
    """

    def badness(columns: int) -> float:
        rows = math.ceil(count / columns)
        aspect = columns * width / (rows * height)
        return abs(math.log(aspect / _ASPECT)) + (columns * rows - count) / count

    columns = min(range(1, count + 1), key=badness)
    return columns, math.ceil(count / columns)


class ContactSheet:
    """Takes the pictures of a plan, and writes those that stand on its sheet."""

    def __init__(self, path: Path, plan: FilmPlan, size: tuple[int, int]) -> None:
        """Begin with an empty sheet.

        Args:
            path: The file; nothing is written there before `write`.
            plan: What stands on the sheet.
            size: The width and height of its pictures, unless they have to be smaller.

        Raises:
            InvalidRequestError: The name does not end in .png.
        """
        if path.suffix.lower() != ".png":
            raise InvalidRequestError(f"{path}: a contact sheet is a PNG, its name has to end in .png")
        self.path = path
        self._plan = plan
        self._size = _cell_size(len(plan.cells), *size)
        self._cells: dict[int, Image.Image] = {}

    def take(self, index: int, picture: Picture) -> None:
        """Take a picture of the plan; one that is not on the sheet is ignored."""
        if index in self._plan.cells:
            words = self._plan.way.stops[self._plan.pictures[index].stop].words
            self._cells[index] = with_words(image_of(picture, self._size), words)

    def image(self) -> Image.Image:
        """Return the sheet."""
        from PIL import Image

        width, height = self._size[0], self._size[1] + line_height(self._size[1])
        columns, rows = grid_of(len(self._plan.cells), width, height)
        gap = max(2, width // 40)
        whole = Image.new("RGB", (columns * (width + gap) + gap, rows * (height + gap) + gap), _BACKGROUND)
        for number, index in enumerate(self._plan.cells):
            row, column = divmod(number, columns)
            whole.paste(self._cells[index], (gap + column * (width + gap), gap + row * (height + gap)))
        return whole

    def write(self, *, replace: bool = False) -> Path:
        """Write the sheet, whole or not at all, and return its file.

        Args:
            replace: Replace a file that exists; else the sheet gets a similar name then.

        Raises:
            UnwritableFileError: The file cannot be written.
        """
        buffer = io.BytesIO()
        self.image().save(buffer, "PNG")
        return write_file(self.path, (buffer.getvalue(),), replace=replace)


def _cell_size(count: int, width: int, height: int) -> tuple[int, int]:
    """Return the size of the pictures on a sheet: smaller ones, where MAX_SHEET_SIDE asks for it."""
    columns, rows = grid_of(count, width, height + line_height(height))
    factor = min(1.0, MAX_SHEET_SIDE / (columns * width), MAX_SHEET_SIDE / (rows * height))
    return max(1, round(width * factor)), max(1, round(height * factor))
