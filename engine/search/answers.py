"""What a person can answer to a grid: the values that `engine.search.session.tell` understands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from engine.search.axis import Axis
from engine.search.bands import Bands
from latentpng.record import Round


@dataclass(frozen=True, kw_only=True, slots=True)
class Picked:
    """These candidates are better than the parent.

    Attributes:
        marks: Their indices, from 0; several are blended.
    """

    marks: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RegionMarks:
    """What is better than the parent in one region.

    Attributes:
        region: The mask of the region (`engine.search.regions`).
        marks: The indices of the candidates, from 0; several are blended.
    """

    region: str
    marks: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PickedByRegion:
    """In each of these regions these candidates are better than the parent; elsewhere the parent stays.

    Attributes:
        parts: What was picked; no two regions overlap.  Without any, no candidate is better anywhere.
        asked: The number of regions that were asked about; where few of them improved, the scale is halved.
    """

    parts: tuple[RegionMarks, ...]
    asked: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PickedAlone:
    """The parent is a blend or was picked by region, and the best single candidate of its grid is wanted instead."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NoneBetter:
    """No candidate is better: the parent stays, and the scale is halved."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rerolled:
    """New candidates are wanted, at the same scale."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Undone:
    """The grid before is wanted again; beyond the session's start, the picture's own lineage is followed back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Redone:
    """The grid that the last `Undone` left is wanted again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Jumped:
    """A different picture of the tree is to be the parent.

    Attributes:
        node: The index of its node.
    """

    node: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Edited:
    """The same noise is wanted with different settings.

    Attributes:
        round_: A round that moves nothing and records the settings that change (`engine.edit` makes it).
    """

    round_: Round


@dataclass(frozen=True, kw_only=True, slots=True)
class Rescaled:
    """The same directions are wanted, nearer to the parent or farther.

    Attributes:
        factor: What the scale is multiplied by.
    """

    factor: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Rebanded:
    """The same directions are wanted in different octaves.

    Attributes:
        bands: The octaves that move.
    """

    bands: Bands


@dataclass(frozen=True, kw_only=True, slots=True)
class Confined:
    """The same directions are wanted in a part of the picture; the rest of the noise stays.

    Attributes:
        region: The mask of the part that moves (`engine.search.regions`); "" for the whole picture.
    """

    region: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Redirected:
    """The same scale and seed are wanted along a different axis.

    Attributes:
        axis: What moves.
    """

    axis: Axis


Answer: TypeAlias = (
    Picked
    | PickedByRegion
    | PickedAlone
    | NoneBetter
    | Rerolled
    | Undone
    | Redone
    | Jumped
    | Edited
    | Rescaled
    | Rebanded
    | Confined
    | Redirected
)
