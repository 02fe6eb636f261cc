"""The search as values: `ask` returns the grid on offer, `tell` the session after an answer.

No clock, no torch, no randomness of its own: every seed derives from the session's.  The defaults (the parent stays
on offer, zero-sum candidates, the scale is halved on "none better" only) are the ones that won in simulation against
halving on every pick, which `Mode.BISECT` still does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from engine.errors import InvalidRequestError
from engine.search.answers import (
    Answer,
    Edited,
    Jumped,
    NoneBetter,
    Picked,
    Rebanded,
    Redirected,
    Redone,
    Rerolled,
    Rescaled,
    Undone,
)
from engine.search.axis import MIN_SCALE, Axis, along, axis_of, max_scale, moves, scale_of, with_scale
from engine.search.bands import Bands, bands_of, correlation, factors_of
from engine.search.history import NO_NODE, Node, NodeKind, Tree, tree_of
from engine.search.seeds import grid_seed, next_grid_seed
from latentpng.identity import child_picture_key
from latentpng.record import Lineage, Round


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
    """

    node: int
    template: Round


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """The state of a search.

    Attributes:
        tree: Every picture that was a parent or was starred.
        place: Where the search stands.
        seed: The seed that all grids derive from.
        octaves: The number of octaves of the initial noise; 0 when it has no spatial axes.
        count: The number of candidates in the next grid that is drawn.
        mode: What a pick does to the scale.
        start: The index of the node that the session began with.
        past: The places before each answer, oldest first, for undo.
        future: The places that undo left, the next one last, for redo.
        offers: The round that was on offer last at each node that was left, by the index of the node, for jumps.
    """

    tree: Tree
    place: Place
    seed: int
    octaves: int
    count: int
    mode: Mode = Mode.KEEP
    start: int = 0
    past: tuple[Place, ...] = ()
    future: tuple[Place, ...] = ()
    offers: Mapping[int, Round] = field(default_factory=dict)

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
        """True when the scale cannot shrink any more."""
        return self.scale <= MIN_SCALE

    @property
    def scale(self) -> float:
        """How far the candidates are from the parent: the scale of what the axis moves."""
        return scale_of(self.template)

    @property
    def axis(self) -> Axis:
        """What the round on offer moves."""
        return axis_of(self.template)

    @property
    def bands(self) -> Bands:
        """The name of the octaves that the round on offer moves."""
        return bands_of(self.template.bands, len(self.template.bands))


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

    Raises:
        InvalidRequestError: The bands are CUSTOM.
    """
    template = Round(seed=grid_seed(seed, 0), scale=max(scale, MIN_SCALE), of=count, bands=factors_of(bands, octaves))
    tree = tree_of(lineage)
    return Session(
        tree=tree,
        place=Place(node=len(tree.nodes) - 1, template=along(template, axis)),
        seed=seed,
        octaves=octaves,
        count=count,
        mode=mode,
        start=len(tree.nodes) - 1,
    )


def ask(session: Session) -> Plan:
    """Return the grid on offer."""
    template = session.template
    return Plan(
        parent=session.lineage,
        candidates=tuple(session.lineage.child(replace(template, marks=(mark,))) for mark in range(template.of)),
        scale=session.scale,
    )


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
        case NoneBetter():
            return _moved(session, _fresh(session, "none", place.node, _halved(template)))
        case Rerolled():
            return _moved(session, _fresh(session, "reroll", place.node, template))
        case Rescaled(factor=factor):
            scale = max(MIN_SCALE, min(max_scale(template), session.scale * factor))
            return _moved(session, replace(place, template=with_scale(template, scale)))
        case Rebanded(bands=bands):
            return _moved(session, replace(place, template=replace(template, bands=factors_of(bands, session.octaves))))
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


def with_octaves(session: Session, octaves: int) -> Session:
    """Return the session for noise with a different number of octaves.

    Bands of the round on offer that do not fit it keep their name; those that have none become ALL.
    """
    template = session.template
    if len(template.bands) not in (0, octaves):
        bands = Bands.ALL if session.bands is Bands.CUSTOM else session.bands
        template = replace(template, bands=factors_of(bands, octaves))
    return replace(session, octaves=octaves, place=replace(session.place, template=template))


def with_count(session: Session, count: int) -> Session:
    """Return the session with a different number of candidates, from the next grid that is drawn on."""
    return replace(session, count=count)


def can_undo(session: Session) -> bool:
    """Return whether there is anything to go back to."""
    return bool(session.past) or session.node.parent != NO_NODE


def can_redo(session: Session) -> bool:
    """Return whether an undo can be taken back."""
    return bool(session.future)


def correlation_since_start(session: Session) -> float:
    """Return the correlation between the noise that the session began with and the parent's, from 0 to 1.

    Both came from the last picture that their ways have in common, and all rounds after it move them apart.
    """
    ways = [session.tree.path(node) for node in (session.start, session.place.node)]
    common = max(set(ways[0]) & set(ways[1]))  # a node comes after its parent, so this is the last one
    return math.prod(
        correlation(round_)
        for way in ways
        for round_ in session.tree.nodes[way[-1]].lineage.rounds[session.tree.nodes[common].rounds :]
    )


def _pick(session: Session, marks: tuple[int, ...]) -> Session:
    template = session.template
    if not marks or not all(0 <= mark < template.of for mark in marks):
        raise InvalidRequestError(f"candidates 0 to {template.of - 1} are on offer, picked: {list(marks)}")
    child = session.lineage.child(replace(template, marks=marks))
    tree, node = session.tree.with_child(session.place.node, child)
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

    The grid has a seed of its own, and none of the fields that a round of an opened file had for itself alone (a
    region, fields of a newer version).
    """
    key = session.tree.nodes[node].key
    return Place(
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
            prompt_scale=template.prompt_scale,
        ),
    )


def _moved(session: Session, place: Place) -> Session:
    return _at(session, place, past=(*session.past, session.place), future=())


def _at(session: Session, place: Place, *, past: tuple[Place, ...], future: tuple[Place, ...]) -> Session:
    """Return the session at a different place; what was on offer at the one that is left is remembered."""
    offers = {**session.offers, session.place.node: session.template}
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
        return Place(node=node, template=session.offers[node])
    picked = [child for child in tree.children(node) if tree.nodes[child].kind is NodeKind.PICK]
    if picked:
        return Place(node=node, template=_grid_of(tree, picked[-1]))
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
    is_pick = session.node.kind is NodeKind.PICK
    template = _grid_of(session.tree, session.place.node) if is_pick else session.template
    return _at(session, Place(node=session.node.parent, template=template), past=(), future=future)


def _redo(session: Session) -> Session:
    if not session.future:
        raise InvalidRequestError("there is nothing to redo: u undoes, and U takes that back")
    past = (*session.past, session.place)
    return _at(session, session.future[-1], past=past, future=session.future[:-1])


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
