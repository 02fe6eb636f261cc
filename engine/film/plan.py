"""Plan a film and a contact sheet: which pictures are rendered, and which frame shows which of them.

Pure: nothing is rendered, read or written here.  A long way is thinned, so that its film stays short: of 200 picks the
film halts at 24, and passes through the others on its way from one halt to the next.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from engine.errors import InvalidRequestError
from engine.film.between import lineage_at
from engine.film.timing import Pace, Timing, pace_of
from engine.film.way import Stop, Way
from latentpng.record import Lineage

MAX_LEGS = 24
"""The maximum number of legs of a film: on a way of more picks it does not halt at each."""
MAX_CELLS = 64
"""The maximum number of pictures on a contact sheet."""
MAX_PICTURES = 1_000
"""The maximum number of pictures of one film."""
_DIGITS = 6
"""The digits of a place on the way: rounded, so that a frame that meets an ancestor shows it and not its neighbour."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FilmPicture:
    """A picture that the film or the sheet needs.

    Attributes:
        lineage: Its lineage.
        stop: The index of the stop that it is, or comes after.
        is_stop: Whether it is that stop.
    """

    lineage: Lineage
    stop: int
    is_stop: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class FilmFrame:
    """One frame of a film.

    Attributes:
        picture: The index of the picture that it shows.
        other: The index of the picture that it is mixed with.
        mix: How much of the other picture shows, 0 to 1.
        seconds: How long it is shown.
        stop: The index of the stop whose words stand under it.
    """

    picture: int
    other: int
    mix: float
    seconds: float
    stop: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FilmPlan:
    """What a film and a contact sheet are made of.

    Attributes:
        way: The way that they show.
        pictures: The pictures, in the order of the way.
        frames: The frames of the film; () for none.
        cells: The indices of the pictures of the contact sheet; () for none.
    """

    way: Way
    pictures: tuple[FilmPicture, ...]
    frames: tuple[FilmFrame, ...] = ()
    cells: tuple[int, ...] = ()

    @property
    def seconds(self) -> float:
        """The length of the film."""
        return sum(frame.seconds for frame in self.frames)

    def stop_of(self, picture: int) -> Stop:
        """Return the stop whose settings a picture is rendered with."""
        return self.way.stops[self.pictures[picture].stop]


def plan_film(way: Way, timing: Timing, *, film: bool = True, sheet: bool = False) -> FilmPlan:
    """Return the plan of a film, of a contact sheet, or of both.

    Args:
        way: The way to show; it has at least two stops.
        timing: Of the film.
        film: Whether there is a film.
        sheet: Whether there is a contact sheet.

    Raises:
        InvalidRequestError: There is no way to show, or the film has too many frames.
    """
    if len(way.stops) < 2:
        raise InvalidRequestError("there is no way to show: this picture has no rounds, it is where a search begins")
    last = len(way.stops) - 1
    halts = _spread(last, MAX_LEGS)
    pace = pace_of(timing, len(halts) - 1)
    if film and (len(halts) - 1) * (pace.between + 1) >= MAX_PICTURES:
        raise InvalidRequestError(
            f"this film would need {(len(halts) - 1) * (pace.between + 1) + 1:,} pictures, and at most "
            f"{MAX_PICTURES:,} are possible: choose fewer frames between two pictures"
        )
    shots = _shots(way, halts, pace) if film else []
    cells = _spread(last, MAX_CELLS - 1) if sheet else []
    pictures = sorted({*(point for shot in shots for point in shot.points), *((cell, 0.0) for cell in cells)})
    index = {point: number for number, point in enumerate(pictures)}
    return FilmPlan(
        way=way,
        pictures=tuple(_picture(way, stop, part) for stop, part in pictures),
        frames=tuple(shot.frame(index) for shot in shots),
        cells=tuple(index[cell, 0.0] for cell in cells),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shot:
    """A frame whose pictures are still named by points of the way: a stop, and the part of the step after it."""

    points: tuple[tuple[int, float], ...]
    mix: float
    seconds: float
    stop: int

    def frame(self, index: dict[tuple[int, float], int]) -> FilmFrame:
        first, last = index[self.points[0]], index[self.points[-1]]
        return FilmFrame(picture=first, other=last, mix=self.mix, seconds=self.seconds, stop=self.stop)


def _shots(way: Way, halts: list[int], pace: Pace) -> list[_Shot]:
    shots = []
    for begin, end in pairwise(halts):
        shots.append(_Shot(points=((begin, 0.0),), mix=0.0, seconds=pace.halt, stop=begin))
        for number in range(1, pace.between + 1):
            where = round(begin + (end - begin) * _eased(number / (pace.between + 1)), _DIGITS)
            shots.append(_shot(way, where, pace.frame))
    return [*shots, _Shot(points=((halts[-1], 0.0),), mix=0.0, seconds=pace.last, stop=halts[-1])]


def _shot(way: Way, where: float, seconds: float) -> _Shot:
    """Return the frame at a place between two stops; `where` counts stops."""
    stop = min(int(where), len(way.stops) - 2)
    part = where - stop
    if part >= 1.0 or part <= 0.0:
        return _Shot(points=((stop + round(part), 0.0),), mix=0.0, seconds=seconds, stop=stop + round(part))
    if way.stops[stop + 1].is_cut:
        return _Shot(points=((stop, 0.0), (stop + 1, 0.0)), mix=part, seconds=seconds, stop=stop + (part >= 0.5))
    return _Shot(points=((stop, part),), mix=0.0, seconds=seconds, stop=stop + (part >= 0.5))


def _eased(part: float) -> float:
    """Return where a leg is after a part of its time: it begins and ends slowly, and is half done at half time."""
    return (1.0 - math.cos(math.pi * part)) / 2.0


def _spread(last: int, most: int) -> list[int]:
    """Return at most `most` + 1 of the numbers from 0 to `last`, evenly spread, both ends included."""
    steps = min(last, most)
    return [round(number * last / steps) for number in range(steps + 1)]


def _picture(way: Way, stop: int, part: float) -> FilmPicture:
    begin = way.stops[stop].rounds
    end = way.stops[stop + 1].rounds if part else begin
    return FilmPicture(lineage=lineage_at(way.lineage, begin, end, part), stop=stop, is_stop=not part)
