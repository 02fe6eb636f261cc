"""The grid on offer as a value: its lineages and their keys, by index."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from engine.rendering.requests import PictureTask
from engine.search.session import Plan, Session, ask
from latentpng.identity import Key, child_picture_key
from latentpng.record import Lineage

PARENT = 0
"""The index of the parent in a grid; 1 to K are those of the candidates."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Grid:
    """A grid.

    Attributes:
        plan: Its lineages.
        keys: The key of each picture, by its index.
    """

    plan: Plan
    keys: tuple[Key, ...]

    @staticmethod
    def of(session: Session) -> Grid:
        """Return the grid on offer in a session."""
        plan, parent = ask(session), session.node.key
        keys = (child_picture_key(parent, lineage.rounds[-1]) for lineage in plan.candidates)
        return Grid(plan=plan, keys=(parent, *keys))

    def lineage(self, index: int) -> Lineage:
        """Return the lineage of a picture."""
        return self.plan.parent if index == PARENT else self.plan.candidates[index - 1]

    def tasks(self, indices: Collection[int]) -> tuple[PictureTask, ...]:
        """Return what renders some of its pictures.

        The parent is rendered alone: so it is seen soonest, and the candidates fill whole batches.  These are the same
        whichever of the candidates are rendered, since the bits of a picture depend on its slot.
        """
        count = len(self.plan.candidates)
        return tuple(
            PictureTask(index=index, lineage=self.lineage(index), slot=(1, 0))
            if index == PARENT
            else PictureTask(index=index, lineage=self.lineage(index), among=(count, index - 1))
            for index in indices
        )
