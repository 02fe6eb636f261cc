"""The words of the status line and the captions: pure functions from values to plain text."""

from __future__ import annotations

from engine.search.axis import Axis
from engine.search.bands import Bands, correlation
from engine.search.progress import Progress
from engine.search.running import PARENT
from engine.search.session import Session, correlation_since_start

BANDS = {
    Bands.ALL: "everything moves",
    Bands.TILT: "layout moves most",
    Bands.LAYOUT: "only layout moves",
    Bands.DETAIL: "only detail moves",
    Bands.CUSTOM: "bands of the file",
}


def percent(part: float) -> str:
    """A part from 0 to 1 in percent, with a decimal where whole percents would all look like everything."""
    return f"{100 * part:.1f}%" if 0.985 < part < 1.0 else f"{100 * part:.0f}%"


def scale_words(session: Session) -> str:
    """The scale, and what it means."""
    if session.axis is Axis.PROMPT:
        return f"scale {session.scale:.2g}: each candidate keeps the noise of its parent"
    return f"scale {session.scale:.2g}: each candidate keeps {percent(correlation(session.template))} of its parent"


def moving_words(session: Session) -> str:
    """What moves: the bands of the noise, the prompt."""
    if session.axis is Axis.PROMPT:
        return "only the prompt moves"
    return BANDS[session.bands] + (", the prompt too" if session.axis is Axis.BOTH else "")


def search_words(session: Session) -> str:
    """Round, scale, what moves and reach."""
    words = [f"round {len(session.lineage.rounds) + 1}", scale_words(session), moving_words(session)]
    taken = session.lineage.rounds[session.begun_at :]
    if taken:
        start = "the start's noise" if any(round_.prompt_scale for round_ in taken) else "the start"
        words.append(f"{percent(correlation_since_start(session))} of {start} left")
    return " · ".join(words)


def progress_words(progress: Progress, seconds_left: float | None) -> str:
    """Steps done and seconds left; "" when nothing is running."""
    if not progress.running:
        return ""
    if not progress.steps:
        return "rendering"
    left = "" if seconds_left is None else f", {seconds_left:.0f} s left"
    return f"step {progress.step}/{progress.steps}, {percent(progress.fraction)}{left}"


def bar(fraction: float, width: int = 8) -> str:
    """A little bar of `width` cells."""
    done = round(fraction * width)
    return "━" * done + "─" * (width - done)


def caption(position: int, place: int, *, fraction: float, done: bool, marked: bool) -> str:
    """What stands under a picture: its key, what it is, how far it is."""
    key = str(position + 1) if position < 9 else " "
    words = [key]
    if place == PARENT:
        words.append("parent")
    if marked:
        words.append("● marked")
    if not done:
        words.append(bar(fraction))
    return " ".join(words)


def seconds_left(progress: Progress, elapsed: float) -> float | None:
    """At the speed so far; None before anything is done."""
    fraction = progress.fraction
    if fraction <= 0.0 or not progress.running:
        return None
    return elapsed * (1.0 - fraction) / fraction
