"""What a person chose for an export of the way, and how far it is: frozen values for its screen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

BETWEEN = (12, 24, 6, 0)
"""Frames between two pictures of the way, as they can be chosen."""


class FilmKind(StrEnum):
    """What is made: an animation, a contact sheet, or both."""

    FILM = "film"
    SHEET = "sheet"
    BOTH = "both"


@dataclass(frozen=True, kw_only=True, slots=True)
class FilmChoices:
    """What a person chose.

    Attributes:
        kind: What is made.
        between: Frames between two pictures of the way.
        path: The file; of both, that of the animation.
        replace: Whether files that exist are replaced.
    """

    kind: FilmKind = FilmKind.FILM
    between: int = BETWEEN[0]
    path: Path = Path()
    replace: bool = False

    @property
    def film(self) -> Path | None:
        """The file of the animation; None for none."""
        return None if self.kind is FilmKind.SHEET else self.path

    @property
    def sheet(self) -> Path | None:
        """The file of the contact sheet; None for none."""
        match self.kind:
            case FilmKind.FILM:
                return None
            case FilmKind.SHEET:
                return self.path
            case FilmKind.BOTH:
                return self.path.with_name(f"{self.path.stem}-sheet.png")


@dataclass(frozen=True, kw_only=True, slots=True)
class FilmOffer:
    """What choices lead to.

    Attributes:
        problem: Why nothing can be made, as a sentence; "" when it can.
        notice: What is left out, as a sentence; "" for nothing.
        pictures: The number of pictures that are shown.
        rendered: How many of them have to be rendered.
        seconds: The length of the animation; 0 without one.
        wait: About how many seconds rendering takes; 0 when that is not known.
    """

    problem: str = ""
    notice: str = ""
    pictures: int = 0
    rendered: int = 0
    seconds: float = 0.0
    wait: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class FilmState:
    """How far an export is.

    Attributes:
        is_busy: It was begun, and is neither over nor cancelled.
        done: The pictures that are rendered, parts of them included.
        total: The pictures that have to be rendered.
        failure: Why it failed, as a sentence; "" when it has not.
        made: What was made, as a sentence; "" before that.
    """

    is_busy: bool = False
    done: float = 0.0
    total: int = 0
    failure: str = ""
    made: str = ""


def duration_words(seconds: float) -> str:
    """Return a time to wait in the largest units that matter: "40 s", "3 min", "1 h 20 min"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def offer_words(offer: FilmOffer) -> str:
    """Return what choices lead to, on one line."""
    if offer.problem:
        return offer.problem
    wait = f" in about {duration_words(offer.wait)}" if offer.wait and offer.rendered else ""
    rendered = f"{offer.rendered} to be rendered{wait}" if offer.rendered else "all of them are there"
    length = f" · the animation lasts {offer.seconds:.0f} s" if offer.seconds else ""
    return f"{offer.pictures} pictures, {rendered}{length}"


def state_words(offer: FilmOffer, state: FilmState, elapsed: float) -> str:
    """Return the status line.

    Args:
        offer: What the choices lead to.
        state: How far the export is.
        elapsed: Seconds since it began.
    """
    if state.failure:
        return f"{state.failure}; change the choices, or press Enter to try again"
    if not state.is_busy:
        return "" if offer.problem else "; ".join(filter(None, (offer.notice, "press Enter to begin")))
    if state.done >= state.total:
        return "writing the file; Esc cancels"
    left = f", about {duration_words(elapsed * (state.total - state.done) / state.done)} left" if state.done else ""
    return f"{_bar(state.done / state.total)} {int(state.done)} of {state.total} pictures{left}; Esc cancels"


def _bar(fraction: float, width: int = 20) -> str:
    done = round(fraction * width)
    return "━" * done + "─" * (width - done)
