"""How long the frames of a film are shown: from what was asked for to a pace.  Pure."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import InvalidRequestError

DEFAULT_BETWEEN = 12
"""Frames between two halts."""
DEFAULT_FPS = 15.0
"""Frames a second, between two halts."""
MAX_BETWEEN = 240
MIN_FRAME_SECONDS = 0.02
"""Browsers show shorter frames for a tenth of a second."""
_HALT_SECONDS = 0.6
_LAST_SECONDS = 2.4
_MAX_HALTS = 0.5
"""The largest part of a film's time that it halts, if its length is prescribed."""
_MAX_SECONDS = 600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """How long a film is, and how smooth.

    Attributes:
        between: Frames between two halts; None for what `seconds` and `fps` lead to, else DEFAULT_BETWEEN.
        seconds: The length of the film; None for what the frames lead to.
        fps: Frames a second between two halts; None for what `between` and `seconds` lead to, else DEFAULT_FPS.
    """

    between: int | None = None
    seconds: float | None = None
    fps: float | None = None

    def __post_init__(self) -> None:
        """Refuse values out of range by InvalidRequestError."""
        if None not in (self.between, self.seconds, self.fps):
            raise InvalidRequestError(
                "the frames, the seconds and the frames a second of a film depend on each other: choose two of them"
            )
        if self.between is not None and not 0 <= self.between <= MAX_BETWEEN:
            raise InvalidRequestError(
                f"the frames between two pictures are a number from 0 to {MAX_BETWEEN}, found {self.between}"
            )
        for name, value, most in (
            ("length of a film in seconds", self.seconds, _MAX_SECONDS),
            ("frames a second", self.fps, 1 / MIN_FRAME_SECONDS),
        ):
            if value is not None and not 0.0 < value <= most:  # NaN fails this comparison too
                raise InvalidRequestError(f"{name}: a number above 0 and at most {most:g} is needed, found {value:g}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """What a timing means for a film of a certain number of legs.

    Attributes:
        between: Frames between two halts.
        frame: Seconds that each of these frames is shown.
        halt: Seconds that each halt but the last is shown.
        last: Seconds that the last one is shown.
    """

    between: int
    frame: float
    halt: float
    last: float


def pace_of(timing: Timing, legs: int) -> Pace:
    """Return what a timing means for a film.

    Args:
        timing: What was asked for.
        legs: The number of legs of the film, at least 1.

    Raises:
        InvalidRequestError: The frames would be too short to be shown.
    """
    halt, last = _HALT_SECONDS, _LAST_SECONDS
    if timing.seconds is None:
        return Pace(
            between=DEFAULT_BETWEEN if timing.between is None else timing.between,
            frame=1 / (timing.fps or DEFAULT_FPS),
            halt=halt,
            last=last,
        )
    shrunk = min(1.0, timing.seconds * _MAX_HALTS / (legs * halt + last))
    halt, last = halt * shrunk, last * shrunk
    moving = timing.seconds - legs * halt - last
    possible = min(MAX_BETWEEN, round(moving * (timing.fps or DEFAULT_FPS) / legs))
    between = possible if timing.between is None else timing.between
    if not between:
        longer = timing.seconds / (legs * halt + last)
        return Pace(between=0, frame=0.0, halt=halt * longer, last=last * longer)
    frame = moving / (legs * between)
    if frame < MIN_FRAME_SECONDS:
        raise InvalidRequestError(
            f"{between} frames between two pictures do not fit into {timing.seconds:g} seconds: each would be shown "
            f"for less than {MIN_FRAME_SECONDS * 1000:.0f} ms; choose fewer frames or more seconds"
        )
    return Pace(between=between, frame=frame, halt=halt, last=last)
