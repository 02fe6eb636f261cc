"""Learns from the grids that a search shows how far candidates look from their parent.

A grid is one observation: the median of its candidates, as soon as all of them are there, or when it is left.  Nothing
is written down: a search that is continued learns again from what it shows.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Hashable

from engine.rendering.events import Picture
from engine.search.grid import PARENT
from engine.search.measuring import Reduced, difference, reduced
from engine.search.perceptual import Observation, ScaleFit, ScaleLaw, Variation
from engine.search.regions import coverage
from engine.search.session import Session

_ENOUGH = 0.5
"""The part of its candidates that a grid has to show for its median to count."""


class Observer:
    """The fits of a search, one for each model; nothing here waits or fails."""

    def __init__(self) -> None:
        self._fits: dict[Hashable, ScaleFit] = {}
        self._parents: dict[bool, Reduced] = {}
        self._candidates: dict[int, tuple[bool, Reduced]] = {}
        self._session: Session | None = None
        self._model: Hashable = None

    def fit(self, model: Hashable) -> ScaleFit:
        """Return what is known about a model; model: anything that tells it from others."""
        return self._fits.get(model, ScaleFit())

    def law(self, model: Hashable, session: Session) -> ScaleLaw:
        """Return how the difference grows with the scale for what the grid on offer varies."""
        return self.fit(model).law(variation_of(session))

    def show(self, model: Hashable, session: Session) -> None:
        """Begin with a different grid; what was seen of the one before counts if it was enough.

        Args:
            model: What renders it.
            session: The session that offers it.
        """
        self._count(_ENOUGH)
        self._model, self._session = model, session
        self._parents, self._candidates = {}, {}

    # A draft lacks details of its picture, so beside a finished parent it looks more different than the picture will.
    # At a scale of 0.1 that is by half, and the floor of the scale would be learned from it.  The drafts of both lack
    # the same details.  So a grid of drafts teaches where the parent was a draft itself, and nothing where it was not:
    # that of a root, a blend or an edit.
    def take(self, index: int, picture: Callable[[int], Picture | None], *, are_drafts: bool = False) -> bool:
        """Look at a picture of the grid that is finished now, and return whether the fit has changed.

        Args:
            index: Its index.
            picture: Returns a picture of the grid, given its index, None until it is finished.
            are_drafts: Whether it returns drafts; a draft is only compared with a draft.
        """
        parent, candidate = picture(PARENT), picture(index)
        if are_drafts not in self._parents and parent is not None:
            self._parents[are_drafts] = reduced(parent)
        if index != PARENT and candidate is not None:
            self._candidates[index] = are_drafts, reduced(candidate)
        return self._count(1.0)

    def _count(self, enough: float) -> bool:
        """Add the grid to the fit if enough of its candidates were seen; return whether it was added."""
        session, parents = self._session, self._parents
        pairs = [(parents[are_drafts], one) for are_drafts, one in self._candidates.values() if are_drafts in parents]
        if session is None or len(pairs) < max(1.0, enough * len(session.place.marks)):
            return False
        part = coverage(session.region)
        seen = [difference(parent, one, part) for parent, one in pairs if one.shape == parent.shape]
        self._candidates = {}
        if not seen or not part:
            return False
        observation = Observation(
            variation=variation_of(session), scale=session.scale, difference=statistics.median(seen)
        )
        self._fits[self._model] = self.fit(self._model).observed(observation)
        return True


def variation_of(session: Session) -> Variation:
    """Return what the grid on offer varies."""
    return session.axis, session.bands
