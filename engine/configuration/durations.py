"""Times as people write them: "10m", "90s", "2h", "0", or a number of minutes."""

from __future__ import annotations

import math
import re

from engine.errors import InvalidRequestError

MAX_MINUTES = 7 * 24 * 60
_SECONDS = {"s": 1.0, "": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_FORM = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*([smhd]?)")
_EXPECTED = 'a time such as "10m", "90s", "2h" or "0", or a number of minutes, at most a week'


def seconds_of(value: float | str) -> float:
    """Return a time in seconds.

    Args:
        value: A number of minutes, or a text with its unit: s, m, h or d.

    Raises:
        InvalidRequestError: It is neither, or longer than a week.
    """
    if isinstance(value, str):
        match = _FORM.fullmatch(value.strip().casefold())
        seconds = float(match[1]) * _SECONDS[match[2]] if match else math.nan
    else:
        seconds = value * 60.0
    if not 0 <= seconds <= MAX_MINUTES * 60:
        raise InvalidRequestError(f"{_EXPECTED}, found {value!r}")
    return seconds


def duration_text(seconds: float) -> str:
    """Return a time as a person reads it: "12 s", "9 min", "2 h 30 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"
