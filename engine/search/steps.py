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
from engine.search.axis import MIN_SCALE, Axis, along, max_scale, moves, scale_of, with_scale
from engine.search.bands import factors_of
from engine.search.first_grid import pool_of
from engine.search.history import NO_NODE, Node, NodeKind, Tree
from engine.search.regions import coverage, intersection, union
from engine.search.seeds import next_grid_seed
from engine.search.state import Mode, Place, Session
from latentpng.identity import child_picture_key
from latentpng.record import Round

MOST_SHOWN = 15
"""The candidates of the largest grid that can be answered by keys; a round of more was never shown whole."""
REGION_SCALE = 0.5
"""The largest scale of the grid that a pick by region leads to."""


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
            return _moved(session, _fresh(session, "none", place.node, _halved(template)))
        case Rerolled():
            return _moved(session, _fresh(session, "reroll", place.node, template))
        case Rescaled(factor=factor):
            scale = max(MIN_SCALE, min(max_scale(template), session.scale * factor))
            return _moved(session, replace(place, template=with_scale(template, scale)))
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


# A pick by region is one round for each region, all with the seed of the grid: disjoint regions of one parent, so that
# replaying them one after the other gives the patchwork of the candidates that were on offer.
def _pick_by_region(session: Session, answer: PickedByRegion) -> Session:
    template, place = session.template, session.place
    if session.axis is not Axis.NOISE and answer.parts:
        raise InvalidRequestError("only the noise has regions, and here the prompt varies; vary the noise alone")
    if (
        coverage(union(part.region for part in answer.parts))
        < sum(coverage(part.region) for part in answer.parts) - 1e-9
    ):
        raise InvalidRequestError("two regions of a pick overlap")
    parts = [(intersection(template.region, part.region), _marks(session, part.marks)) for part in answer.parts]
    parts = [(region, marks) for region, marks in parts if coverage(region)]
    if not parts:
        return tell(session, NoneBetter())
    whole = union(region for region, _ in parts)
    if coverage(whole) >= coverage(template.region) and len({marks for _, marks in parts}) == 1:
        rounds = [replace(template, marks=parts[0][1])]  # it was picked as a whole
    else:
        rounds = [replace(template, marks=marks, region=region) for region, marks in parts]
    near = with_scale(template, min(scale_of(template), REGION_SCALE))
    return _moved_to_child(session, place.node, rounds, _halved(near) if 2 * len(parts) < answer.asked else near)


def _pick_alone(session: Session) -> Session:
    if not is_combined(session):
        raise InvalidRequestError("the parent is a single candidate already, or was not picked from a grid")
    node = session.node
    offer = session.offers.get(node.parent)
    rounds = _step(session.tree, node)
    template = _grid_of(session.tree, session.place.node)
    if offer is not None and offer.template.seed == template.seed:
        template = offer.template
    areas: dict[int, float] = {}
    for round_ in rounds:
        for mark in round_.marks:
            areas[mark] = areas.get(mark, 0.0) + coverage(round_.region) / len(round_.marks)
    best = max(areas, key=lambda mark: areas[mark])  # of equal ones the first that was named
    return _moved_to_child(session, node.parent, [replace(template, marks=(best,))], session.template)


def is_combined(session: Session) -> bool:
    """Return whether the parent was picked from a grid as more than one candidate: blended, or by region."""
    if session.node.kind is not NodeKind.PICK:
        return False
    rounds = _step(session.tree, session.node)
    return len(rounds) > 1 or len(rounds[0].marks) > 1


def _step(tree: Tree, node: Node) -> tuple[Round, ...]:
    """Return the rounds of the step that led to a node."""
    return node.chain.rounds[tree.nodes[node.parent].rounds : node.rounds]


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
    return _fresh(session, "pick", node, _halved(template) if session.mode is Mode.BISECT else template)


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
    marks = {mark for round_ in _step(session.tree, session.tree.nodes[picked]) for mark in round_.marks}
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


def _halved(template: Round) -> Round:
    return with_scale(template, max(MIN_SCALE, scale_of(template) / 2))
