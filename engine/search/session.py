"""The search as values: `ask` says what the next grid shows, `tell` answers a choice with the next session.

No clock, no torch, no randomness of its own: every seed derives from the session's.  The defaults (the parent stays
on offer, zero-sum candidates, the scale halves on "none better" only) are the ones that won in simulation against
halving on every pick, which is kept as `bisect`.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from engine.errors import InvalidRequestError
from engine.search.axis import Axis, along, axis_of, most_of, scaled, size_of
from latentpng.record import Lineage, Round

SCALE_FLOOR = 0.02
"""Below this, candidates can no longer be told apart."""


class Bands(StrEnum):
    """Which octaves of detail move: a name for the factors that a round records."""

    ALL = "all"
    TILT = "tilt"
    LAYOUT = "layout"
    DETAIL = "detail"
    CUSTOM = "custom"


class Mode(StrEnum):
    """What a pick does to the scale: nothing (`keep`), or halve it (`bisect`, as first asked for)."""

    KEEP = "keep"
    BISECT = "bisect"


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """One grid: the parent and its candidates, each complete with all seeds."""

    parent: Lineage
    candidates: tuple[Lineage, ...]
    scale: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """Where a search stands.

    lineage: of the parent.  template: the round on offer, with marks still to be chosen.
    past: what was on offer before each answer, for undo.  begun_at: rounds the parent had when the session began.
    octaves: of the initial noise; 0 when it has no spatial axes.  drawn: grids drawn so far, never taken back.
    count: candidates of the next grid to be drawn.
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
        """The scale cannot shrink any more."""
        return self.scale <= SCALE_FLOOR

    @property
    def scale(self) -> float:
        """Of what moves."""
        return size_of(self.template)

    @property
    def axis(self) -> Axis:
        """What moves."""
        return axis_of(self.template)

    @property
    def bands(self) -> Bands:
        """The name of the factors on offer."""
        return name_of(self.template.bands, self.octaves)


@dataclass(frozen=True, kw_only=True, slots=True)
class Picked:
    """These candidates are better; several are blended."""

    marks: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class NoneBetter:
    """The parent stays, the scale halves."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rerolled:
    """Other candidates at the same scale."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Undone:
    """Back to what was on offer before; beyond the session's start, back along the picture's own lineage."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rescaled:
    """The same directions, nearer to the parent or farther: the scale times `factor`."""

    factor: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Rebanded:
    """The same directions, other octaves."""

    bands: Bands


@dataclass(frozen=True, kw_only=True, slots=True)
class Redirected:
    """The same scale and seed, but something else moves."""

    axis: Axis


Answer: TypeAlias = Picked | NoneBetter | Rerolled | Undone | Rescaled | Rebanded | Redirected


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
    """A new session that varies the end of `lineage` with `count` candidates a grid."""
    template = Round(
        seed=derive_seed(seed, 0), scale=max(scale, SCALE_FLOOR), of=count, bands=factors_of(bands, octaves)
    )
    template = along(template, axis)
    return Session(
        lineage=lineage,
        template=template,
        seed=seed,
        octaves=octaves,
        count=count,
        mode=mode,
        begun_at=len(lineage.rounds),
    )


def ask(session: Session) -> Plan:
    """The grid on offer."""
    template = session.template
    return Plan(
        parent=session.lineage,
        candidates=tuple(session.lineage.child(replace(template, marks=(mark,))) for mark in range(template.of)),
        scale=session.scale,
    )


def tell(session: Session, answer: Answer) -> Session:
    """The session after an answer.  InvalidRequestError when the answer does not fit what is on offer."""
    match answer:
        case Picked(marks=marks):
            return _pick(session, marks)
        case NoneBetter():
            return _offer(session, session.lineage, _halved(session.template), fresh=True)
        case Rerolled():
            return _offer(session, session.lineage, session.template, fresh=True)
        case Rescaled(factor=factor):
            scale = max(SCALE_FLOOR, min(most_of(session.template), session.scale * factor))
            return _offer(session, session.lineage, scaled(session.template, scale), fresh=False)
        case Rebanded(bands=bands):
            template = replace(session.template, bands=factors_of(bands, session.octaves))
            return _offer(session, session.lineage, template, fresh=False)
        case Redirected(axis=axis):
            return _offer(session, session.lineage, along(session.template, axis), fresh=False)
        case Undone():
            return _undo(session)


def with_count(session: Session, count: int) -> Session:
    """The session with another number of candidates from the next draw on (the window has changed)."""
    return replace(session, count=count)


def can_undo(session: Session) -> bool:
    """Is there anything to go back to?"""
    return bool(session.past or session.lineage.rounds)


def factors_of(bands: Bands, octaves: int) -> tuple[float, ...]:
    """The factor of each octave, coarsest first; () when all move alike or there are no octaves.

    tilt: 1, 1/2, 1/4, ...  layout: the coarser half alone.  detail: the finer half alone.
    """
    coarse = (octaves + 1) // 2
    match bands:
        case Bands.ALL:
            return ()
        case _ if octaves < 2:
            return ()
        case Bands.TILT:
            return tuple(0.5**octave for octave in range(octaves))
        case Bands.LAYOUT:
            return tuple(1.0 if octave < coarse else 0.0 for octave in range(octaves))
        case Bands.DETAIL:
            return tuple(0.0 if octave < coarse else 1.0 for octave in range(octaves))
        case Bands.CUSTOM:
            raise InvalidRequestError("custom bands are read from a file, not asked for by name")


def name_of(factors: tuple[float, ...], octaves: int) -> Bands:
    """The name of some factors."""
    named = (Bands.ALL, Bands.TILT, Bands.LAYOUT, Bands.DETAIL)
    return next((bands for bands in named if factors_of(bands, octaves) == factors), Bands.CUSTOM)


def kept(round_: Round) -> float:
    """How much of its parent's noise a child keeps, from 0 to 1: the correlation of the two.

    With bands, the mean over all coefficients; a level of the 2-D Haar basis holds 3/4 of them, the rest a quarter.
    """
    factors = round_.bands or (1.0,)
    levels = len(factors) - 1
    weights = [0.25**levels, *(0.75 * 0.25 ** (levels - level) for level in range(1, levels + 1))]
    return sum(
        weight * math.sqrt(1.0 - (round_.scale * factor) ** 2) for weight, factor in zip(weights, factors, strict=True)
    )


def kept_since_start(session: Session) -> float:
    """How much of the picture that the session began with the parent keeps, from 0 to 1."""
    return math.prod(kept(round_) for round_ in session.lineage.rounds[session.begun_at :])


def scale_of(lineage: Lineage, default: float) -> float:
    """The scale to go on with from a picture: that of its last round."""
    return max(SCALE_FLOOR, size_of(lineage.rounds[-1])) if lineage.rounds else default


def step_seed_of(seed: int) -> int:
    """The seed of the step noise of pictures that grow from `seed`; never that seed itself."""
    return derive_seed(seed, -1)


def derive_seed(seed: int, draw: int) -> int:
    """The 64-bit seed of the draw-th grid of a session: the first 8 bytes of SHA-256 over both numbers."""
    text = f"warmer {seed} {draw}".encode("ascii")
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "little")


def _pick(session: Session, marks: tuple[int, ...]) -> Session:
    if not marks or not all(0 <= mark < session.template.of for mark in marks):
        raise InvalidRequestError(f"candidates 0 to {session.template.of - 1} are on offer, picked: {list(marks)}")
    child = session.lineage.child(replace(session.template, marks=marks))
    template = _halved(session.template) if session.mode is Mode.BISECT else session.template
    return _offer(session, child, template, fresh=True)


def _offer(session: Session, lineage: Lineage, template: Round, *, fresh: bool) -> Session:
    """What is on offer next.  A fresh offer has a seed of its own, and nothing that only one round of a file had."""
    if fresh:
        seed = derive_seed(session.seed, session.drawn)
        template = Round(
            seed=seed,
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
    if session.past:
        lineage, template = session.past[-1]
        return replace(session, lineage=lineage, template=template, past=session.past[:-1])
    if not session.lineage.rounds:
        raise InvalidRequestError("nothing to undo: this is where it all began")
    last = session.lineage.rounds[-1]
    parent = session.lineage.ancestor(len(session.lineage.rounds) - 1)
    return replace(
        session,
        lineage=parent,
        template=replace(last, marks=(0,)),
        begun_at=min(session.begun_at, len(parent.rounds)),
    )


def _halved(template: Round) -> Round:
    return scaled(template, max(SCALE_FLOOR, size_of(template) / 2))
