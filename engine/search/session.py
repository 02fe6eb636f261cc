"""The search as values: `ask` returns the grid on offer, `tell` the session after an answer.

No clock, no torch, no randomness of its own: every seed derives from the session's.  The defaults (the parent stays
on offer, zero-sum candidates, the scale is halved on "none better" only) are the ones that won in simulation against
halving on every pick, which `Mode.BISECT` still does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from engine.errors import InvalidRequestError
from engine.search.answers import Answer, NoneBetter, Picked, Rebanded, Redirected, Rerolled, Rescaled, Undone
from engine.search.axis import MIN_SCALE, Axis, along, axis_of, max_scale, scale_of, with_scale
from engine.search.bands import Bands, bands_of, correlation, factors_of
from engine.search.seeds import grid_seed
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
class Session:
    """The state of a search.

    Attributes:
        lineage: The lineage of the parent.
        template: The round on offer; its marks are still to be chosen.
        seed: The seed that all grids derive from.
        octaves: The number of octaves of the initial noise; 0 when it has no spatial axes.
        count: The number of candidates in the next grid that is drawn.
        mode: What a pick does to the scale.
        begun_at: The number of rounds that the parent had when the session began.
        drawn: The number of grids drawn so far; undo does not take it back, so no seed is used twice.
        past: The lineage and template before each answer, for undo.
    """

    lineage: Lineage
    template: Round
    seed: int
    octaves: int
    count: int
    mode: Mode = Mode.KEEP
    begun_at: int = 0
    drawn: int = 1
    past: tuple[tuple[Lineage, Round], ...] = ()

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
        return bands_of(self.template.bands, self.octaves)


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
    return Session(
        lineage=lineage,
        template=along(template, axis),
        seed=seed,
        octaves=octaves,
        count=count,
        mode=mode,
        begun_at=len(lineage.rounds),
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
    match answer:
        case Picked(marks=marks):
            return _pick(session, marks)
        case NoneBetter():
            return _offer(session, session.lineage, _halved(session.template), fresh=True)
        case Rerolled():
            return _offer(session, session.lineage, session.template, fresh=True)
        case Rescaled(factor=factor):
            scale = max(MIN_SCALE, min(max_scale(session.template), session.scale * factor))
            return _offer(session, session.lineage, with_scale(session.template, scale), fresh=False)
        case Rebanded(bands=bands):
            template = replace(session.template, bands=factors_of(bands, session.octaves))
            return _offer(session, session.lineage, template, fresh=False)
        case Redirected(axis=axis):
            return _offer(session, session.lineage, along(session.template, axis), fresh=False)
        case Undone():
            return _undo(session)


def with_count(session: Session, count: int) -> Session:
    """Return the session with a different number of candidates, from the next grid that is drawn on."""
    return replace(session, count=count)


def can_undo(session: Session) -> bool:
    """Return whether there is anything to go back to."""
    return bool(session.past or session.lineage.rounds)


def correlation_since_start(session: Session) -> float:
    """Return the correlation between the noise that the session began with and the parent's, from 0 to 1."""
    return math.prod(correlation(round_) for round_ in session.lineage.rounds[session.begun_at :])


def _pick(session: Session, marks: tuple[int, ...]) -> Session:
    if not marks or not all(0 <= mark < session.template.of for mark in marks):
        raise InvalidRequestError(f"candidates 0 to {session.template.of - 1} are on offer, picked: {list(marks)}")
    child = session.lineage.child(replace(session.template, marks=marks))
    template = _halved(session.template) if session.mode is Mode.BISECT else session.template
    return _offer(session, child, template, fresh=True)


def _offer(session: Session, lineage: Lineage, template: Round, *, fresh: bool) -> Session:
    """Return the session with a new grid on offer.

    A fresh grid has a seed of its own, and none of the fields that a round of an opened file had for itself alone
    (a region, fields of a newer version).
    """
    if fresh:
        template = Round(
            seed=grid_seed(session.seed, session.drawn),
            scale=template.scale,
            of=session.count,
            bands=template.bands,
            prompt_scale=template.prompt_scale,
        )
    return replace(
        session,
        lineage=lineage,
        template=template,
        drawn=session.drawn + int(fresh),
        past=(*session.past, (session.lineage, session.template)),
    )


def _undo(session: Session) -> Session:
    """Return to the grid before, or, when the session has none, to the one that the parent was picked from.

    The last round of the parent's lineage holds all of that grid: its seed, scale and number of candidates.
    """
    if session.past:
        lineage, template = session.past[-1]
        return replace(session, lineage=lineage, template=template, past=session.past[:-1])
    if not session.lineage.rounds:
        raise InvalidRequestError("there is nothing to undo: the search began with this picture")
    last = session.lineage.rounds[-1]
    parent = session.lineage.ancestor(len(session.lineage.rounds) - 1)
    return replace(
        session,
        lineage=parent,
        template=replace(last, marks=(0,)),
        begun_at=min(session.begun_at, len(parent.rounds)),
    )


def _halved(template: Round) -> Round:
    return with_scale(template, max(MIN_SCALE, scale_of(template) / 2))
