"""The dial of a search: how far its candidates are from the parent, in words that need no explanation."""

from __future__ import annotations

import math

from engine.search.axis import Axis, max_scale
from engine.search.bands import correlation
from engine.search.perceptual import ScaleLaw
from engine.search.session import Session, correlation_since_start
from tui.app.phrases import percent, variation_words

_LONG, _SHORT = 20, 9
"""Columns of the dial's scale, where there is room and where there is little."""
_NEW_FROM = 0.95
"""The scale from which on next to nothing is left of the parent's noise."""
_DIFFERENT = 0.061
_LIKENESS = (
    (0.097, "very different"),
    (_DIFFERENT, "different"),
    (0.029, "similar"),
    (0.013, "very similar"),
    (0.0, "nearly the same"),
)
"""From which difference on candidates are called so (`engine.search.measuring`)."""


def dial(scale: float, width: int, *, floor: float, top: float = 1.0) -> str:
    """Return a scale as a point between far and near; steps that look equal are equal distances.

    The difference that is seen is a power of the scale, so this is the same dial for every power.

    Args:
        scale: The scale.
        width: Columns between the two words.
        floor: The scale that is near.
        top: The scale that is far, larger than `floor`.
    """
    nearness = math.log(max(floor, min(top, scale)) / top) / math.log(floor / top)
    at = round(nearness * (width - 1))
    return f"far {'─' * at}●{'─' * (width - 1 - at)} near"


def likeness(law: ScaleLaw, scale: float) -> str:
    """Return what candidates at a scale are like, compared to their parent; law: that of their search."""
    difference = law.difference(scale)
    if scale >= _NEW_FROM and difference >= _DIFFERENT:
        return "new pictures"
    return next(words for least, words in _LIKENESS if difference >= least)


def kept_words(session: Session) -> str:
    """Return how much of the parent the candidates keep."""
    share = "the noise" if session.axis is Axis.PROMPT else percent(correlation(session.template))
    return f"keeps {share} of the parent"


def start_words(session: Session) -> str:
    """Return how much is left of the picture that the session began with; "" before the first pick."""
    taken = session.lineage.rounds[session.begun_at :]
    if not taken:
        return ""
    start = "the first noise" if any(round_.prompt_scale for round_ in taken) else "the first picture"
    return f"{percent(correlation_since_start(session))} of {start} left"


def dial_words(session: Session, law: ScaleLaw, columns: int, *, are_drafts: bool = False) -> str:
    """Return the dial's line: as much as fits, the most important first.

    Args:
        session: The session.
        law: How its candidates differ from their parent at a scale.
        columns: Of the line.
        are_drafts: Whether its candidates are drafts.
    """
    round_words = f"round {session.node.picks + 1}" + (" · drafts" if are_drafts else "")
    varies, kept = variation_words(session), kept_words(session)
    rest = [kept, f"candidates are {likeness(law, session.scale)}", varies, start_words(session)]
    if session.region:  # what a person has chosen is said before what is always so
        rest = [varies, kept, *rest[1:2], *rest[3:]]
    short, long = (
        f"{dial(session.scale, width, floor=session.floor, top=max_scale(session.template))}   {round_words}"
        for width in (_SHORT, _LONG)
    )
    long = f"{long} · {rest[0]}"
    if len(long) > columns:
        with_first = f"{short} · {rest[0]}"
        return with_first if len(with_first) <= columns else short
    for words in filter(None, rest[1:]):
        if len(long) + 3 + len(words) <= columns:
            long = f"{long} · {words}"
    return long
