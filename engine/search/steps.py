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
from engine.search.axis import along, max_scale, moves, scale_of, with_scale
from engine.search.bands import factors_of
from engine.search.first_grid import pool_of
from engine.search.history import NO_NODE, NodeKind, Tree
from engine.search.region_rounds import region_rounds
from engine.search.regions import coverage, intersection
from engine.search.seeds import next_grid_seed
from engine.search.state import Mode, Place, Session
from latentpng.identity import child_picture_key
from latentpng.record import Round

MOST_SHOWN = 15
"""The candidates of the largest grid that can be answered by keys; a round of more was never shown whole."""
REGION_SCALE = 0.5
"""The largest scale of the grid that a pick by region leads to."""
_NEARLY = 1.1
"""Scales that differ by this factor at most are nearly the same; the finest step is larger."""


def tell(session: Session, answer: Answer) -> Session:
    """Return the session after an answer.

    Args:
        session: The session whose grid was answered.
        answer: The answer.

    Raises:
        InvalidRequestError: The answer does not fit the grid: a mark outside it, or nothing to undo.
        InvalidValueError: The lineage would exceed a limit of the file format.
    """
    place, template = session.place, session.template
    match answer:
        case Picked(marks=marks):
            return _pick(session, marks)
        case PickedByRegion():
            return _pick_by_region(session, answer)
        case PickedAlone():
            return _pick_alone(session)
        case NoneBetter():
            return _moved(session, _fresh(session, "none", place.node, _halved(session, template)))
        case Rerolled():
            return _moved(session, _fresh(session, "reroll", place.node, template))
        case Rescaled(factor=factor):
            return _moved(session, replace(place, template=_known(session, _rescaled(session, template, factor))))
        case Rebanded(bands=bands):
            return _moved(session, replace(place, template=replace(template, bands=factors_of(bands, session.octaves))))
        case Confined(region=region):
            return _moved(session, replace(place, template=replace(template, region=region)))
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


def _pick(session: Session, marks: tuple[int, ...]) -> Session:
    round_ = replace(session.template, marks=_marks(session, marks))
    return _moved_to_child(session, session.place.node, (round_,), session.template)


def _pick_by_region(session: Session, answer: PickedByRegion) -> Session:
    template, place = session.template, session.place
    parts = [replace(part, marks=_marks(session, part.marks)) for part in answer.parts]
    rounds = region_rounds(template, parts)
    if not rounds:
        return tell(session, NoneBetter())
    improved = sum(coverage(intersection(template.region, part.region)) > 0.0 for part in parts)
    near = with_scale(template, min(scale_of(template), REGION_SCALE))
    is_few = 2 * improved < answer.asked
    return _moved_to_child(session, place.node, rounds, _halved(session, near) if is_few else near)


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
    grid = _grid_of(session.tree, session.place.node)
    offer = session.offers.get(session.node.parent)
    if offer is None or replace(offer.template, region=grid.region) != grid:
        return grid
    region = offer.template.region  # it may be a later one, of the same candidates
    moved = [round_.region for round_ in session.tree.step(session.place.node)]
    return offer.template if all(coverage(intersection(region, one)) == coverage(one) for one in moved) else grid


def _marks(session: Session, positions: tuple[int, ...]) -> tuple[int, ...]:
    """Return the marks of candidates, given their positions in the grid on offer."""
    offered = session.place.marks
    if not positions or not all(0 <= position < len(offered) for position in positions):
        raise InvalidRequestError(f"candidates 0 to {len(offered) - 1} are on offer, picked: {list(positions)}")
    return tuple(offered[position] for position in positions)


def _moved_to_child(session: Session, parent: int, rounds: Sequence[Round], template: Round) -> Session:
    """Return the session at the picture that rounds lead to; template: what the next grid takes its scale from."""
    lineage = session.tree.nodes[parent].lineage
    for round_ in rounds:
        lineage = lineage.child(round_)
    tree, node = session.tree.with_child(parent, lineage)
    after = replace(session, tree=tree)
    return _moved(after, _picked(after, node, template))


def _edit(session: Session, round_: Round) -> Session:
    if moves(round_):
        raise InvalidRequestError("an edit keeps the noise and the prompt where they are; this round moves them")
    tree, node = session.tree.with_child(session.place.node, session.lineage.child(round_))
    return _moved(replace(session, tree=tree), replace(session.place, node=node))


def _picked(session: Session, node: int, template: Round) -> Place:
    """Return the place that picking a node leads to; template: the round that it was picked from."""
    return _fresh(session, "pick", node, _halved(session, template) if session.mode is Mode.BISECT else template)


# The seed of a grid derives from everything that led to it: the key of the parent holds all that was picked before, and
# the grid that was answered is in the key of a pick, and is added to it for every other answer.  So the same answer at
# the same place gives the same candidates after an undo, and no two grids of a parent that differ in more than scale,
# bands or axis (the answers that keep the directions on purpose) share a seed.
def _fresh(session: Session, cause: str, node: int, template: Round) -> Place:
    """Return the place with a new grid at a node.

    The grid has a seed of its own, and none of the fields of a newer version that a round of an opened file has.  The
    region stays until another one is chosen.
    """
    parent = session.tree.nodes[node]
    key = parent.key
    place = Place(
        node=node,
        template=Round(
            seed=next_grid_seed(
                session.seed,
                cause,
                key if cause == "pick" else child_picture_key(key, session.template),
                session.count,
            ),
            scale=template.scale,
            of=session.count,
            bands=template.bands,
            region=template.region,
            prompt_scale=template.prompt_scale,
        ),
    )
    return to_be_chosen(place) if session.is_varied and not parent.picks else place


def to_be_chosen(place: Place) -> Place:
    """Return a place with a round of more candidates, of which as many as before are on offer, still undecided."""
    count = place.template.of
    round_ = replace(place.template, of=pool_of(count))
    return replace(place, template=round_, offered=tuple(range(count)), is_undecided=True)


def _moved(session: Session, place: Place) -> Session:
    return _at(session, place, past=(*session.past, session.place), future=())


def _at(session: Session, place: Place, *, past: tuple[Place, ...], future: tuple[Place, ...]) -> Session:
    """Return the session at a different place; what was on offer at the one that is left is remembered."""
    offers = {**session.offers, session.place.node: session.place}
    return replace(session, place=place, past=past, future=future, offers=offers)


def _jump(session: Session, node: int) -> Session:
    if not 0 <= node < len(session.tree.nodes):
        raise InvalidRequestError(f"there is no picture {node} in this search")
    if node == session.place.node:
        return session
    return _moved(session, _place_at(session, node))


def _place_at(session: Session, node: int) -> Place:
    """Return a node with the grid that was on offer there last, as far as that is known, else with a new one."""
    tree = session.tree
    if node in session.offers:
        return session.offers[node]
    picked = [child for child in tree.children(node) if tree.nodes[child].kind is NodeKind.PICK]
    if picked:
        return _offer(session, node, picked[-1])
    if tree.nodes[node].kind is NodeKind.PICK:
        return _picked(session, node, _grid_of(tree, node))
    return _fresh(session, "jump", node, session.template)


def _undo(session: Session) -> Session:
    """Return to the grid before, or, when the session has none, to the one that the parent was picked from."""
    future = (*session.future, session.place)
    if session.past:
        return _at(session, session.past[-1], past=session.past[:-1], future=future)
    if session.node.parent == NO_NODE:
        raise InvalidRequestError("there is nothing to undo: the search began with this picture")
    if session.node.kind is NodeKind.PICK:
        place = _offer(session, session.node.parent, session.place.node)
    else:
        place = replace(session.place, node=session.node.parent)
    return _at(session, place, past=(), future=future)


def _redo(session: Session) -> Session:
    if not session.future:
        raise InvalidRequestError("there is nothing to redo: u undoes, and U takes that back")
    past = (*session.past, session.place)
    return _at(session, session.future[-1], past=past, future=session.future[:-1])


def _offer(session: Session, node: int, picked: int) -> Place:
    """Return a node with the grid that another one was picked from.

    A file does not say which candidates of a large round were on offer, so those that were picked are shown with as
    many others as fit.
    """
    template = _grid_of(session.tree, picked)
    if template.of < min(pool_of(session.count), MOST_SHOWN + 1):
        return Place(node=node, template=template)
    marks = {mark for round_ in session.tree.step(picked) for mark in round_.marks}
    others = [mark for mark in range(template.of) if mark not in marks]
    return Place(
        node=node, template=template, offered=tuple(sorted([*marks, *others[: max(0, session.count - len(marks))]]))
    )


def _grid_of(tree: Tree, picked: int) -> Round:
    """Return the grid that a node was picked from: the last round of its step holds all of it.

    A step of several rounds is a pick of different candidates in different regions; its grid had no region.
    """
    node = tree.nodes[picked]
    last = node.chain.rounds[node.rounds - 1]
    is_alone = node.rounds - tree.nodes[node.parent].rounds == 1
    return replace(last, marks=(0,), region=last.region if is_alone else "")


def _halved(session: Session, template: Round) -> Round:
    return _rescaled(session, template, 0.5)


# What a step of the scale is depends on what was learned meanwhile, so a step and the step back could miss the pictures
# that are there already by a hair.
def _known(session: Session, rescaled: Round) -> Round:
    """Return the round of the same directions that was on offer before at nearly the same scale, else the given one."""
    scale, least = scale_of(rescaled), min(session.floor, session.scale)
    for place in reversed(session.past):
        known = scale_of(place.template)
        if place.node != session.place.node or place.template.seed != rescaled.seed:
            break
        is_nearly = scale / _NEARLY <= known <= scale * _NEARLY
        is_this_way = known >= least and (known - session.scale) * (scale - session.scale) > 0.0
        if is_nearly and is_this_way and place.template == with_scale(rescaled, known):
            return place.template
    return rescaled


def _rescaled(session: Session, template: Round, factor: float) -> Round:
    """Return a round at a different scale, within its limits; one that is below the floor already gets no farther."""
    scale = scale_of(template)
    return with_scale(template, max(min(session.floor, scale), min(max_scale(template), scale * factor)))
