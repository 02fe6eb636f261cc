"""The state of a search as values: where it stands in its tree, and the ways back and forward."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from engine.search.axis import MIN_SCALE, Axis, axis_of, scale_of
from engine.search.bands import Bands, bands_of
from engine.search.history import Node, Tree
from latentpng.record import Lineage, Round

_AT_FLOOR = 1.1
"""A scale that is so many times the floor counts as the floor, which moves a little as it is learned."""


class Mode(StrEnum):
    """What a pick does to the scale: nothing (KEEP), or halve it (BISECT, the idea that the project began with)."""

    KEEP = "keep"
    BISECT = "bisect"


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """One grid, with every seed fixed.

    Attributes:
        parent: The lineage of the parent.
        candidates: The lineage of each candidate.
        scale: How far the candidates are from the parent.
    """

    parent: Lineage
    candidates: tuple[Lineage, ...]
    scale: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a search stands: at a node of the tree, with a round on offer.

    Attributes:
        node: The index of the parent's node.
        template: The round on offer; its marks are still to be chosen.
        offered: The candidates of that round that are on offer, in their order; () for all of them.
        is_undecided: Whether they only stand there until those that differ most are chosen out of all of the round.
    """

    node: int
    template: Round
    offered: tuple[int, ...] = ()
    is_undecided: bool = False

    @property
    def marks(self) -> tuple[int, ...]:
        """The mark of each candidate on offer."""
        return self.offered or tuple(range(self.template.of))


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """The state of a search.

    Attributes:
        tree: Every picture that was a parent or was starred.
        place: Where the search stands.
        seed: The seed that all grids derive from.
        octaves: The number of octaves of the initial noise; 0 when it has no spatial axes.
        sides: Its height and width; (0, 0) when it has no spatial axes, or no model was loaded yet.
        count: The number of candidates in the next grid that is drawn.
        mode: What a pick does to the scale.
        is_varied: Whether candidates are chosen for their differences, out of more than a grid shows, until the first
            pick.
        start: The index of the node that the session began with.
        past: The places before each answer, oldest first, for undo.
        future: The places that undo left, the next one last, for redo.
        offers: Where the search stood last at each node that was left, by the index of the node, for jumps.
        floor: The smallest scale at which candidates can still be told from their parent (`engine.search.perceptual`).
            A search learns it from its grids, again after it was continued.
    """

    tree: Tree
    place: Place
    seed: int
    octaves: int
    count: int
    mode: Mode = Mode.KEEP
    is_varied: bool = False
    sides: tuple[int, int] = (0, 0)
    start: int = 0
    past: tuple[Place, ...] = ()
    future: tuple[Place, ...] = ()
    offers: Mapping[int, Place] = field(default_factory=dict)
    floor: float = MIN_SCALE

    @property
    def is_answered(self) -> bool:
        """Whether a grid was answered, or a picture starred."""
        return bool(self.past or self.future) or any(node.is_starred for node in self.tree.nodes)

    @property
    def begun_at(self) -> int:
        """The number of rounds of the picture that the session began with."""
        return self.tree.nodes[self.start].rounds

    @property
    def node(self) -> Node:
        """The node of the parent."""
        return self.tree.nodes[self.place.node]

    @property
    def lineage(self) -> Lineage:
        """The lineage of the parent."""
        return self.node.lineage

    @property
    def template(self) -> Round:
        """The round on offer; its marks are still to be chosen."""
        return self.place.template

    @property
    def at_floor(self) -> bool:
        """True when candidates that are nearer to the parent could not be told from it."""
        return self.scale <= _AT_FLOOR * self.floor

    @property
    def scale(self) -> float:
        """How far the candidates are from the parent: the scale of what the axis moves."""
        return scale_of(self.template)

    @property
    def axis(self) -> Axis:
        """What the round on offer moves."""
        return axis_of(self.template)

    @property
    def region(self) -> str:
        """The mask of the part that the round on offer moves; "" for the whole picture."""
        return self.template.region

    @property
    def bands(self) -> Bands:
        """The name of the octaves that the round on offer moves."""
        return bands_of(self.template.bands, len(self.template.bands))
