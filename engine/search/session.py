"""The search as values: `ask` returns the grid on offer, `tell` the session after an answer.

No clock, no torch, no randomness of its own: every seed derives from the session's.  The defaults (the parent stays
on offer, zero-sum candidates, the scale is halved on "none better" only) are the ones that won in simulation against
halving on every pick, which `Mode.BISECT` still does.
"""

from __future__ import annotations

import math
from dataclasses import replace

from engine.search.axis import MIN_SCALE, Axis, along
from engine.search.bands import Bands, factors_of, step_correlation
from engine.search.history import NO_NODE, tree_of
from engine.search.places import to_be_chosen
from engine.search.regions import UNKNOWN_SIDES, WHOLE, refitted
from engine.search.room import no_room
from engine.search.seeds import grid_seed
from engine.search.state import Mode, Place, Plan, Session
from engine.search.steps import is_combined, tell
from latentpng.record import Lineage, Round

__all__ = [
    "Mode",
    "Place",
    "Plan",
    "Session",
    "ask",
    "begin",
    "can_redo",
    "can_undo",
    "correlation_since_start",
    "decided",
    "is_combined",
    "star",
    "tell",
    "with_count",
    "with_floor",
    "with_octaves",
]


def begin(
    lineage: Lineage,
    *,
    seed: int,
    octaves: int,
    scale: float,
    count: int,
    bands: Bands = Bands.ALL,
    axis: Axis = Axis.NOISE,
    mode: Mode = Mode.KEEP,
    is_varied: bool = False,
    sides: tuple[int, int] = UNKNOWN_SIDES,
    region: str = "",
) -> Session:
    """Return a new session.

    Args:
        lineage: The picture to vary.
        seed: The seed that all grids derive from, 0 to 2^64 - 1.
        octaves: The number of octaves of the initial noise; 0 when it has no spatial axes.
        scale: How far the first candidates are from the picture, up to 1; less than `MIN_SCALE` is raised to it.
        count: The number of candidates in a grid.
        bands: The octaves that move.
        axis: What moves.
        mode: What a pick does to the scale.
        is_varied: Choose the candidates of the first grid, and of those that follow until a pick, for their
            differences.
        sides: Height and width of the initial noise; (0, 0) when it has no spatial axes.
        region: The mask of the part that moves; "" for the whole picture.

    Raises:
        InvalidRequestError: The bands are CUSTOM.
    """
    template = Round(
        seed=grid_seed(seed, 0),
        scale=max(scale, MIN_SCALE),
        of=count,
        bands=factors_of(bands, octaves),
        region=region,
    )
    tree = tree_of(lineage)
    place = Place(node=len(tree.nodes) - 1, template=along(template, axis))
    return Session(
        tree=tree,
        place=to_be_chosen(place) if is_varied else place,
        seed=seed,
        octaves=octaves,
        count=count,
        mode=mode,
        is_varied=is_varied,
        sides=sides,
        start=len(tree.nodes) - 1,
    )


def ask(session: Session) -> Plan:
    """Return the grid on offer; it has no candidates where the parent can have no descendants."""
    template, parent = session.template, session.lineage
    marks = () if no_room(session.node, (template,)) else session.place.marks
    return Plan(
        parent=parent,
        candidates=tuple(parent.child(replace(template, marks=(mark,))) for mark in marks),
        scale=session.scale,
    )


def star(session: Session, lineage: Lineage) -> Session:
    """Return the session with the star of a picture set or, if it has one, removed; undo does not concern stars.

    Args:
        session: The session.
        lineage: That of the parent, or of a candidate of the grid on offer.
    """
    if lineage == session.lineage:
        index, tree = session.place.node, session.tree
    else:
        tree, index = session.tree.with_child(session.place.node, lineage)
    return replace(session, tree=tree.starred(index, not tree.nodes[index].is_starred))


def with_octaves(session: Session, octaves: int, sides: tuple[int, int] = UNKNOWN_SIDES) -> Session:
    """Return the session for noise of a different shape.

    Bands of the round on offer that do not fit it keep their name; those that have none become ALL.  A region that has
    more cells than the noise is drawn with fewer; noise without spatial axes has none.

    Args:
        session: The session.
        octaves: The number of octaves of the noise; 0 when it has no spatial axes.
        sides: Its height and width; (0, 0) when that is not known, or it has no spatial axes.
    """
    template = session.template
    if len(template.bands) not in (0, octaves):
        bands = Bands.ALL if session.bands is Bands.CUSTOM else session.bands
        template = replace(template, bands=factors_of(bands, octaves))
    if not octaves:
        template = replace(template, region=WHOLE)
    elif template.region and all(sides):
        template = replace(template, region=refitted(template.region, *sides))
    return replace(session, octaves=octaves, sides=sides, place=replace(session.place, template=template))


def with_count(session: Session, count: int) -> Session:
    """Return the session with a different number of candidates, from the next grid that is drawn on."""
    return replace(session, count=count)


def with_floor(session: Session, floor: float) -> Session:
    """Return the session with a different floor, which the next answers keep to; the grid on offer stays."""
    return replace(session, floor=floor)


def decided(session: Session, chosen: tuple[int, ...] = ()) -> Session:
    """Return the session with these candidates of the round on offer, and nothing left to choose.

    Those that are on offer already keep their places, so that as few pictures as possible change under a finger.

    Args:
        session: The session; it stays as it is when its candidates are decided.
        chosen: Their marks, as many as are on offer; () for those that are on offer now.
    """
    place = session.place
    if not place.is_undecided:
        return session
    new = [mark for mark in chosen if mark not in place.offered]
    offered = tuple(mark if mark in chosen or not new else new.pop(0) for mark in place.offered)
    return replace(session, place=replace(place, offered=offered, is_undecided=False))


def can_undo(session: Session) -> bool:
    """Return whether there is anything to go back to."""
    return bool(session.past) or session.node.parent != NO_NODE


def can_redo(session: Session) -> bool:
    """Return whether an undo can be taken back."""
    return bool(session.future)


def correlation_since_start(session: Session) -> float:
    """Return the correlation between the noise that the session began with and the parent's, from 0 to 1.

    Both came from the last picture that their ways have in common, and all steps after it move them apart.  Exact for
    one step; where several steps move different regions, it is an estimate.
    """
    ways = [session.tree.path(node) for node in (session.start, session.place.node)]
    common = max(set(ways[0]) & set(ways[1]))  # a node comes after its parent, so this is the last one
    return math.prod(step_correlation(session.tree.step(node)) for way in ways for node in way[way.index(common) + 1 :])
