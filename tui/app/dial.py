"""The dial of a search: how far its candidates are from the parent, in words that need no explanation."""

from __future__ import annotations

import math

from engine.search.axis import MIN_SCALE, Axis
from engine.search.bands import correlation
from engine.search.session import Session, correlation_since_start
from tui.app.phrases import percent, variation_words

_LONG, _SHORT = 20, 9
"""Columns of the dial's scale, where there is room and where there is little."""
_LIKENESS = (
    (0.95, "new pictures"),
    (0.6, "very different"),
    (0.35, "different"),
    (0.15, "similar"),
    (0.06, "very similar"),
    (0.0, "nearly the same"),
)
"""From which scale on candidates are called so."""


def dial(scale: float, width: int) -> str:
    """Return a scale as a point between far and near; equal factors are equal distances.

    Args:
        scale: From `MIN_SCALE`, which is near, to 1.
        width: Columns between the two words.
    """
    nearness = math.log(max(MIN_SCALE, min(1.0, scale))) / math.log(MIN_SCALE)
    at = round(nearness * (width - 1))
    return f"far {'─' * at}●{'─' * (width - 1 - at)} near"


def likeness(scale: float) -> str:
    """Return what candidates at a scale are like, compared to their parent."""
    return next(words for least, words in _LIKENESS if scale >= least)


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


def dial_words(session: Session, columns: int) -> str:
    """Return the dial's line: as much as fits, the most important first.

    Args:
        session: The session.
        columns: Of the line.
    """
    round_words = f"round {session.node.picks + 1}"
    varies, kept = variation_words(session), kept_words(session)
    rest = [kept, f"candidates are {likeness(session.scale)}", varies, start_words(session)]
    if session.region:  # what a person has chosen is said before what is always so
        rest = [varies, kept, *rest[1:2], *rest[3:]]
    line = f"{dial(session.scale, _SHORT)}   {round_words}"
    long = f"{dial(session.scale, _LONG)}   {round_words} · {rest[0]}"
    if len(long) > columns:
        with_first = f"{line} · {rest[0]}"
        return with_first if len(with_first) <= columns else line
    for words in filter(None, rest[1:]):
        if len(long) + 3 + len(words) <= columns:
            long = f"{long} · {words}"
    return long
