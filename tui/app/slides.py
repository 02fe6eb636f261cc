"""The pictures of a grid as the viewer gets them, and how it is left: frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from engine.rendering.events import Picture


@dataclass(frozen=True, kw_only=True, slots=True)
class Slide:
    """A picture of the grid, for the viewer.

    Attributes:
        index: Its index in the grid.
        key: The key that goes to it; "" for none.
        name: What it is, in a few words.
        picture: None while it is still rendering.
    """

    index: int
    key: str
    name: str
    picture: Picture | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Viewed:
    """How the viewer was left: at which picture, and whether that picture was picked."""

    index: int
    is_picked: bool
