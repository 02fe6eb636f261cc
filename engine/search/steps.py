"""What an answer does to a session: the pure function `tell`.

Nothing is forgotten by an answer.  Every picture that was picked or starred stays in the tree, undo and redo walk the
places of all answers, and a jump is an answer like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.errors import InvalidRequestError
from engine.search.answers import (
    Answer,
    Confined,
    Edited,
    Jumped,
    NoneBetter,
    Picked,
    PickedAlone,
    PickedByRegion,
    Rebanded,
    Redirected,
    Redone,
    Rerolled,
    Rescaled,
    Undone,
)
from engine.search.axis import along, moves, scale_of, with_scale
from engine.search.bands import factors_of
from engine.search.history import NO_NODE, Node, NodeKind
from engine.search.perceptual import MAX_FLOOR
from engine.search.places import fresh_place, grid_of, picked_place, place_at, place_before
from engine.search.region_rounds import parts_inside, region_rounds
from engine.search.regions import NO_SIDES, coverage, intersection
from engine.search.rescaling import halved, is_nearly, is_same_but_scale, known, rescaled
from engine.search.room import no_room
from engine.search.state import Mode, Place, Session
from latentpng.record import Lineage, Round

REGION_SCALE = 0.5
"""The largest scale of the grid that a pick by region leads to."""


def tell(session: Session, answer: Answer) -> Session:
    """Return the session after an answer.

    Args:
        session: The session whose grid was answered.
        answer: The answer.

    Raises:
        InvalidRequestError: The answer does not fit the grid, or leads beyond a limit of the file format.
    """
    place, template = session.place, session.template
    if not isinstance(answer, Undone | Redone | Jumped):
        _check_room(session.node, (template,))
    match answer:
        case Picked(marks=marks):
            return _pick(session, marks)
        case PickedByRegion():
            return _pick_by_region(session, answer)
        case PickedAlone():
            return _pick_alone(session)
        case NoneBetter():
            return _moved(session, fresh_place(session, "none", place.node, halved(session, template)))
        case Rerolled():
            return _moved(session, fresh_place(session, "reroll", place.node, template))
        case Rescaled(factor=factor):
            return _moved(session, replace(place, template=known(session, rescaled(session, template, factor))))
        case Rebanded(bands=bands):
            return _moved(session, replace(place, template=replace(template, bands=factors_of(bands, session.octaves))))
        case Confined(region=region):
            return _confine(session, region)
        case Redirected(axis=axis):
            return _moved(session, replace(place, template=along(template, axis)))
        case Edited(round_=round_):
            return _edit(session, round_)
        case Jumped(node=node):
            return _jump(session, node)
        case Undone():
            return _undo(session)
        case Redone():
            return _redo(session)


def _check_room(node: Node, rounds: Sequence[Round]) -> None:
    if full := no_room(node, rounds):
        raise InvalidRequestError(full)


def _pick(session: Session, marks: tuple[int, ...]) -> Session:
    round_ = replace(session.template, marks=_marks(session, marks))
    return _moved_to_child(session, session.place.node, (round_,), session.template)


def _pick_by_region(session: Session, answer: PickedByRegion) -> Session:
    template, place = session.template, session.place
    parts = [replace(part, marks=_marks(session, part.marks)) for part in answer.parts]
    if parts and not session.octaves:
        raise InvalidRequestError(NO_SIDES)
    rounds = region_rounds(template, parts, session.sides)
    if not rounds:
        return tell(session, NoneBetter())
    improved = len(parts_inside(template, parts, session.sides))
    near = with_scale(template, min(scale_of(template), REGION_SCALE))
    is_few = 2 * improved < answer.asked and session.mode is not Mode.BISECT  # which halves on every pick anyway
    return _moved_to_child(session, place.node, rounds, halved(session, near) if is_few else near)


def _pick_alone(session: Session) -> Session:
    if not is_combined(session):
        raise InvalidRequestError("the parent is a single candidate already, or was not picked from a grid")
    areas: dict[int, float] = {}
    for round_ in session.tree.step(session.place.node):
        for mark in round_.marks:
            areas[mark] = areas.get(mark, 0.0) + coverage(round_.region) / len(round_.marks)
    best = max(areas, key=lambda mark: areas[mark])  # of equal ones the first that was named
    alone = replace(_answered(session), marks=(best,))
    return _moved_to_child(session, session.node.parent, [alone], session.template)


def is_combined(session: Session) -> bool:
    """Return whether the parent is no candidate of its grid as it was on offer: it was blended, or picked by region."""
    if session.node.kind is not NodeKind.PICK:
        return False
    rounds = session.tree.step(session.place.node)
    return len(rounds) > 1 or len(rounds[0].marks) > 1 or rounds[0].region != _answered(session).region


def _answered(session: Session) -> Round:
    """Return the grid that the parent was picked from, with the region that it had, as far as that is known."""
    grid, parent = grid_of(session.tree, session.place.node), session.node.parent
    moved = [round_.region for round_ in session.tree.step(session.place.node)]
    places = [*session.past, *(place for place in (session.offers.get(parent),) if place is not None)]
    for place in reversed(places):
        region = place.template.region  # it may be another one, of the same candidates
        is_this = place.node == parent and replace(place.template, region=grid.region) == grid
        if is_this and all(coverage(intersection(region, one)) == coverage(one) for one in moved):
            return place.template
    return grid


def _marks(session: Session, positions: tuple[int, ...]) -> tuple[int, ...]:
    """Return the marks of candidates, given their positions in the grid on offer."""
    offered = session.place.marks
    if not positions or not all(0 <= position < len(offered) for position in positions):
        raise InvalidRequestError(f"candidates 0 to {len(offered) - 1} are on offer, picked: {list(positions)}")
    return tuple(offered[position] for position in positions)


def _moved_to_child(session: Session, parent: int, rounds: Sequence[Round], template: Round) -> Session:
    """Return the session at the picture that rounds lead to; template: what the next grid takes its scale from."""
    before = session.tree.nodes[parent].lineage
    _check_room(session.tree.nodes[parent], rounds)
    lineage = Lineage(root=before.root, rounds=(*before.rounds, *rounds), noise=before.noise)
    tree, node = session.tree.with_child(parent, lineage)
    after = replace(session, tree=tree)
    return _moved(after, picked_place(after, node, template))


def _edit(session: Session, round_: Round) -> Session:
    if moves(round_):
        raise InvalidRequestError("an edit keeps the noise and the prompt where they are; this round moves them")
    _check_room(session.node, (round_,))
    tree, node = session.tree.with_child(session.place.node, session.lineage.child(round_))
    return _moved(replace(session, tree=tree), replace(session.place, node=node))


def _confine(session: Session, region: str) -> Session:
    if region and not session.octaves:
        raise InvalidRequestError(NO_SIDES)
    return _moved(session, replace(session.place, template=replace(session.template, region=region)))


def _moved(session: Session, place: Place) -> Session:
    """Return the session at the place that an answer leads to; the answer that was undone leads forward again."""
    if _is_next(session, place):
        return _redo(session)
    return _at(session, place, past=(*session.past, session.place), future=())


# What a search has learned meanwhile, its floor and what a step of the scale is, must not change where an answer leads
# to.  So a scale may differ a little, and one of a new grid, whose seed tells which answer led to it, by as much as the
# floor can move.
def _is_next(session: Session, place: Place) -> bool:
    """Return whether a place is the one that the last undo left."""
    if not session.future or session.future[-1].node != place.node:
        return False
    before, now = session.future[-1].template, place.template
    is_at_floor = now.seed != session.template.seed and max(scale_of(now), scale_of(before)) <= MAX_FLOOR
    return is_same_but_scale(now, before) and (is_at_floor or is_nearly(scale_of(now), scale_of(before)))


def _at(session: Session, place: Place, *, past: tuple[Place, ...], future: tuple[Place, ...]) -> Session:
    """Return the session at a different place; what was on offer at the one that is left is remembered."""
    offers = {**session.offers, session.place.node: session.place}
    return replace(session, place=place, past=past, future=future, offers=offers)


def _jump(session: Session, node: int) -> Session:
    if not 0 <= node < len(session.tree.nodes):
        raise InvalidRequestError(f"there is no picture {node} in this search")
    if node == session.place.node:
        return session
    return _moved(session, place_at(session, node))


def _undo(session: Session) -> Session:
    """Return to the grid before, or, when the session has none, to the one that the parent was picked from."""
    future = (*session.future, session.place)
    if session.past:
        return _at(session, session.past[-1], past=session.past[:-1], future=future)
    if session.node.parent == NO_NODE:
        raise InvalidRequestError("there is nothing to undo: the search began with this picture")
    if session.node.kind is NodeKind.PICK:
        place = place_before(session, session.place.node)
    else:
        place = replace(session.place, node=session.node.parent)
    return _at(session, place, past=(), future=future)


def _redo(session: Session) -> Session:
    if not session.future:
        raise InvalidRequestError("there is nothing to redo: u undoes, and U takes that back")
    past = (*session.past, session.place)
    return _at(session, session.future[-1], past=past, future=session.future[:-1])
