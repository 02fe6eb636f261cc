"""What renders the pictures of a part of the tree: all that lie between two edits share it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.errors import InvalidRequestError
from engine.rendering.requests import LoadModel
from engine.rendering.settings import RenderSettings
from engine.search.history import NodeKind, Tree
from engine.search.state import Session
from latentpng.identity import Key
from latentpng.record import JsonObject, LatentRecord

NO_EDIT = b""
"""In place of the key of an edit: before the first one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """What renders the pictures of one part of the tree: those after an edit, or those before the first one.

    Attributes:
        load: The request that loads the model; its settings are those of the pictures.
        problem: Why these pictures cannot be rendered here, as a sentence; "" when they can.
    """

    load: LoadModel
    problem: str = ""

    @property
    def settings(self) -> RenderSettings:
        """The settings of the pictures."""
        return self.load.settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """What a picture of a variant records; from it, the variant is found again when the session is continued.

    Attributes:
        settings: How it was rendered, as in its file.
        software: What rendered it, as in its file.
    """

    settings: JsonObject
    software: JsonObject


class Variants:
    """The variants of a running search.

    Attributes:
        recorded: What a picture of each variant records, by the key of its edit, as far as one was rendered.
    """

    def __init__(self, variants: Mapping[Key, Variant], recorded: Mapping[Key, Recorded]) -> None:
        self._variants, self.recorded = dict(variants), dict(recorded)

    def add(self, session: Session, variant: Variant) -> None:
        """Set what renders the pictures from the last edit before the parent of a session on."""
        self._variants[_key(session)] = variant

    def add_first(self, session: Session, variant: Variant) -> None:
        """Likewise, unless it is known already."""
        self._variants.setdefault(_key(session), variant)

    def of(self, session: Session) -> Variant:
        """Return what renders the grid of a session.

        Raises:
            InvalidRequestError: It cannot be rendered here.
        """
        variant = self._variants.get(_key(session))
        if variant is None or variant.problem:
            why = "its settings are not known" if variant is None else variant.problem
            raise InvalidRequestError(f"this picture cannot be rendered here: {why}")
        return variant

    def of_node(self, tree: Tree, node: int) -> Variant | None:
        """Return what renders the picture of a node; None where that is not known."""
        return self._variants.get(edit_key(tree, node))

    def note(self, session: Session, record: LatentRecord) -> None:
        """Note what a picture of a session's grid records, which may differ from what an opened file says."""
        self.recorded[_key(session)] = Recorded(settings=record.settings, software=record.software)


def edit_key(tree: Tree, node: int) -> Key:
    """Return the key of the last edit on the way to a node, NO_EDIT when there is none."""
    edits = (tree.nodes[index] for index in reversed(tree.path(node)) if tree.nodes[index].kind is NodeKind.EDIT)
    return next((edit.key for edit in edits), NO_EDIT)


def _key(session: Session) -> Key:
    return edit_key(session.tree, session.place.node)
