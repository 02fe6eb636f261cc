"""Draw a recorded search by quarters as it is seen: the quarter that is lit, what is best there, and the patchwork."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final, TypeAlias

from PIL import Image, ImageDraw, ImageFont

from engine.rendering.events import Picture
from engine.search.answers import PickedByRegion, RegionMarks
from engine.search.regions import NAMED, region_words, union
from tests.support.oracle_search import Answered, Recording, distance
from tui.app.region_drawing import lit, patchwork
from tui.graphics.images import to_image

QUARTERS: Final = tuple(NAMED[name] for name in ("tl", "tr", "bl", "br"))
Frame: TypeAlias = tuple[Image.Image, float]
"""An image and for how many seconds it is shown."""
_COLUMNS: Final = 4
_GAP: Final = 8
_CELL: Final = 150
"""The width of a candidate in pixels."""
_LINE: Final = 24
_BACKGROUND: Final = (18, 18, 18)
_WORDS: Final = (232, 230, 225)
_QUIET: Final = (150, 148, 144)
_ACCENT: Final = (255, 160, 60)
_FRAME: Final = (248, 248, 248)
_SLOW_GRIDS: Final = 1
"""Grids that are shown slowly, for somebody who sees this for the first time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Cell:
    """A small picture: what is lit in it, what was picked of it, and its name."""

    picture: Picture
    name: str
    lit: str = ""
    picked: tuple[str, ...] = ()


def write_film(path: Path, recording: Recording, target: Picture) -> None:
    """Write a search as an animated WebP; target: the picture in mind."""
    images, seconds = zip(*frames_of(recording, target), strict=True)
    lengths = [round(1000 * each) for each in seconds]
    images[0].save(
        path, "WEBP", save_all=True, append_images=images[1:], duration=lengths, loop=0, quality=80, method=6
    )


def frames_of(recording: Recording, target: Picture) -> Iterator[Frame]:
    """Yield the frames: each grid with its four quarters, and at the end the whole way."""
    parents = [*(grid.pictures[0] for grid in recording.grids), recording.last]
    canvas = _Canvas(target, start=parents[0])
    for number, grid, after in zip(count(1), recording.grids, parents[1:], strict=False):
        yield from _grid_frames(canvas, number, grid, after)
    picks = [parents[0]]
    picks += [after for grid, after in zip(recording.grids, parents[1:], strict=True) if _picked(grid)]
    names = ["start", *(f"pick {number}" for number in range(1, len(picks)))]
    way = [_Cell(picture=picture, name=name) for picture, name in zip(picks, names, strict=True)]
    yield canvas.frame(f"the way: {len(picks) - 1} picks from {len(recording.grids)} grids", recording.last, way), 4.0


def _grid_frames(canvas: _Canvas, number: int, grid: Answered, after: Picture) -> Iterator[Frame]:
    parent, candidates = grid.pictures[0], grid.pictures[1:]
    pace = 1.0 if number <= _SLOW_GRIDS else 0.3
    plain = [_Cell(picture=picture, name=str(at)) for at, picture in enumerate(candidates, start=1)]
    yield canvas.frame(f"grid {number}: eight variations of your picture", parent, plain), 1.8 * pace
    marks = {part.region: part.marks for part in _picked(grid)}
    done: list[tuple[str, tuple[Picture, ...]]] = []
    for region in QUARTERS:
        asked = [_Cell(picture=cell.picture, name=cell.name, lit=region) for cell in plain]
        question = f"grid {number}: which is best in the {region_words(region)}?"
        before = patchwork(parent, done)
        if number <= _SLOW_GRIDS:
            yield canvas.frame(question, before, asked, asked=region), 0.8
        mine = marks.get(region, ())
        done += [(region, tuple(candidates[mark] for mark in mine))] if mine else []
        answered = [
            _Cell(picture=cell.picture, name=cell.name, lit=region, picked=(region,) if at in mine else ())
            for at, cell in enumerate(asked)
        ]
        answer = f"key {' and '.join(plain[mark].name for mark in mine)}" if mine else "Space: none, it stays as it is"
        yield canvas.frame(f"{question}  {answer}", patchwork(parent, done), answered, asked=region), 1.2 * pace
    used = [_used(cell, at, marks) for at, cell in enumerate(plain)]
    yield canvas.frame(f"grid {number}: Enter", patchwork(parent, done), used), 1.2 * pace
    yield canvas.frame(f"grid {number}: rendered, it is the next parent", after, used), 1.4 * pace


def _picked(grid: Answered) -> Sequence[RegionMarks]:
    return grid.answer.parts if isinstance(grid.answer, PickedByRegion) else ()


def _used(cell: _Cell, at: int, marks: dict[str, tuple[int, ...]]) -> _Cell:
    """Return a candidate of which all quarters are lit that were picked, or none."""
    mine = [region for region, several in marks.items() if at in several]
    return _Cell(picture=cell.picture, name=cell.name, lit=union(mine) if mine else "0", picked=tuple(mine))


class _Canvas:
    """Lays out frames: the picture so far beside the one in mind, and small pictures under them."""

    def __init__(self, target: Picture, start: Picture) -> None:
        self._target, self._start = target, start
        height = round(_CELL * target.height / target.width)
        self._cell = _CELL, height
        self._large = 2 * _CELL + _GAP, round((2 * _CELL + _GAP) * target.height / target.width)
        self._size = _COLUMNS * _CELL + (_COLUMNS + 1) * _GAP, 2 * _LINE + self._large[1] + 2 * height + 5 * _GAP // 2

    def frame(self, words: str, present: Picture, cells: Sequence[_Cell], asked: str = "") -> Image.Image:
        """Return a frame.

        Args:
            words: The line over the small pictures.
            present: The picture so far.
            cells: The small pictures, at most eight.
            asked: The mask of the region that is asked about; "" for none.
        """
        image = Image.new("RGB", self._size, _BACKGROUND)
        draw = ImageDraw.Draw(image)
        left = distance(present, self._target) / distance(self._start, self._target)
        right = 2 * _GAP + self._large[0]
        for at, picture, name in (
            (_GAP, present, f"so far: {left:.0%} of the distance is left"),
            (right, self._target, "the picture in mind"),
        ):
            _write(draw, (at, _LINE / 2), name, _QUIET)
            image.paste(to_image(picture).resize(self._large, Image.Resampling.LANCZOS), (at, _LINE))
        if asked:
            _outline(draw, (_GAP, _LINE), self._large, asked)
        top = _LINE + self._large[1]
        _write(draw, (_GAP, top + _LINE / 2 + 1), words, _WORDS)
        for number, cell in enumerate(cells):
            row, column = divmod(number, _COLUMNS)
            corner = _GAP + column * (_CELL + _GAP), top + _LINE + _GAP // 2 + row * (self._cell[1] + _GAP)
            image.paste(to_image(lit(cell.picture, cell.lit)).resize(self._cell, Image.Resampling.LANCZOS), corner)
            for region in cell.picked:
                _outline(draw, corner, self._cell, region)
            _tag(draw, corner, cell.name, is_picked=bool(cell.picked))
        return image


def _outline(draw: ImageDraw.ImageDraw, corner: tuple[int, int], size: tuple[int, int], region: str) -> None:
    """Draw a frame around a region of a picture, which is a box of cells."""
    cells = region.split("/")
    rows = [row for row, cells_of_row in enumerate(cells) if "1" in cells_of_row]
    columns = [column for column in range(len(cells[0])) if any(row[column] == "1" for row in cells)]
    left, right = (corner[0] + size[0] * at // len(cells[0]) for at in (columns[0], columns[-1] + 1))
    top, bottom = (corner[1] + size[1] * at // len(cells) for at in (rows[0], rows[-1] + 1))
    draw.rectangle((left, top, right - 1, bottom - 1), outline=_BACKGROUND, width=4)  # seen on any picture
    draw.rectangle((left + 1, top + 1, right - 2, bottom - 2), outline=_FRAME, width=2)


def _tag(draw: ImageDraw.ImageDraw, corner: tuple[int, int], name: str, *, is_picked: bool) -> None:
    """Write the name of a small picture into its corner."""
    font = ImageFont.load_default(13)
    place = corner[0] + 5, corner[1] + 3
    left, top, right, bottom = draw.textbbox(place, name, font=font)
    draw.rectangle((left - 4, top - 3, right + 4, bottom + 3), fill=_ACCENT if is_picked else _BACKGROUND)
    draw.text(place, name, font=font, fill=_BACKGROUND if is_picked else _WORDS)


def _write(draw: ImageDraw.ImageDraw, place: tuple[float, float], words: str, colour: tuple[int, int, int]) -> None:
    """Write a line; place: its left end, in the middle of its height."""
    draw.text(place, words, font=ImageFont.load_default(15), fill=colour, anchor="lm")
