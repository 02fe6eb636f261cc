"""The words of the status line and the captions: pure functions from values to plain text."""

from __future__ import annotations

from engine.search import PARENT, Progress
from engine.session import Bands, Session, kept, kept_since_start

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
    template = session.template
    return f"scale {template.scale:.2g}: each candidate keeps {percent(kept(template))} of its parent"


def search_words(session: Session) -> str:
    """Round, scale, bands and reach."""
    words = [f"round {len(session.lineage.rounds) + 1}", scale_words(session), BANDS[session.bands]]
    if len(session.lineage.rounds) > session.begun_at:
        words.append(f"{percent(kept_since_start(session))} of the start left")
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
