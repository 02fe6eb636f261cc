"""Where an answer leads to: a node of the tree with a new grid, or with the one that was on offer there before."""

from __future__ import annotations

from dataclasses import replace

from engine.search.first_grid import pool_of
from engine.search.history import NodeKind, Tree
from engine.search.rescaling import halved
from engine.search.seeds import next_grid_seed
from engine.search.state import Mode, Place, Session
from latentpng.identity import child_picture_key
from latentpng.record import Round

MOST_SHOWN = 15
"""The candidates of the largest grid that can be answered by keys; a round of more was never shown whole."""


# The seed of a grid derives from everything that led to it: the key of the parent holds all that was picked before, and
# the grid that was answered is in the key of a pick, and is added to it for every other answer.  So the same answer at
# the same place gives the same candidates after an undo, and no two grids of a parent that differ in more than scale,
# bands, region or axis (the answers that keep the directions on purpose) share a seed.
def fresh_place(session: Session, cause: str, node: int, template: Round) -> Place:
    """Return the place with a new grid at a node.

    The grid has a seed of its own, and none of the fields of a newer version that a round of an opened file has.  The
    region stays until another one is chosen.

    Args:
        session: The session whose grid was answered.
        cause: A word for the answer; it goes into the seed.
        node: The index of the node.
        template: What the grid takes scale, bands, region and axis from.
    """
    parent = session.tree.nodes[node]
    key = parent.key if cause == "pick" else child_picture_key(parent.key, session.template)
    place = Place(
        node=node,
        template=Round(
            seed=next_grid_seed(session.seed, cause, key, session.count),
            scale=template.scale,
            of=session.count,
            bands=template.bands,
            region=template.region,
            prompt_scale=template.prompt_scale,
        ),
    )
    return to_be_chosen(place) if session.is_varied and not parent.picks else place


def picked_place(session: Session, node: int, template: Round) -> Place:
    """Return the place that picking a node leads to; template: the round that it was picked from."""
    return fresh_place(session, "pick", node, halved(session, template) if session.mode is Mode.BISECT else template)


def to_be_chosen(place: Place) -> Place:
    """Return a place with a round of more candidates, of which as many as before are on offer, still undecided."""
    count = place.template.of
    round_ = replace(place.template, of=pool_of(count))
    return replace(place, template=round_, offered=tuple(range(count)), is_undecided=True)


def place_at(session: Session, node: int) -> Place:
    """Return a node with the grid that was on offer there last, as far as that is known, else with a new one."""
    tree = session.tree
    if node in session.offers:
        return session.offers[node]
    picked = [child for child in tree.children(node) if tree.nodes[child].kind is NodeKind.PICK]
    if picked:
        return place_before(session, picked[-1])
    if tree.nodes[node].kind is NodeKind.PICK:
        return picked_place(session, node, grid_of(tree, node))
    return fresh_place(session, "jump", node, session.template)


def place_before(session: Session, picked: int) -> Place:
    """Return the parent of a node with the grid that the node was picked from.

    A file does not say which candidates of a large round were on offer, so those that were picked are shown with as
    many others as fit.
    """
    node, template = session.tree.nodes[picked].parent, grid_of(session.tree, picked)
    if template.of < min(pool_of(session.count), MOST_SHOWN + 1):
        return Place(node=node, template=template)
    marks = {mark for round_ in session.tree.step(picked) for mark in round_.marks}
    others = [mark for mark in range(template.of) if mark not in marks]
    shown = sorted([*marks, *others[: max(0, session.count - len(marks))]])
    return Place(node=node, template=template, offered=tuple(shown))


def grid_of(tree: Tree, picked: int) -> Round:
    """Return the grid that a node was picked from: the last round of its step holds all of it.

    A step of several rounds is a pick of different candidates in different regions; what region its grid had is not
    recorded, so it is taken to have had none.
    """
    step = tree.step(picked)
    return replace(step[-1], marks=(0,), region=step[-1].region if len(step) == 1 else "")
