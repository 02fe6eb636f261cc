"""What a prompt says, in order: runs of text with a weight, names of textual inversions, and ends of chunks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from engine.errors import InvalidRequestError

MAX_WEIGHT = 100.0
_MAX_QUOTED = 40
_MAX_DIGITS = 40


class SpanKind(StrEnum):
    """What a span is."""

    TEXT = "text"
    EMBEDDING = "embedding"
    BREAK = "break"


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A part of a prompt.

    Attributes:
        text: Words, or the name of a textual inversion as it is written; "" for the end of a chunk.
        weight: How strongly it acts, from -100 to 100; 1 is what the text encoder gives by itself.
        kind: What it is.
    """

    text: str
    weight: float = 1.0
    kind: SpanKind = SpanKind.TEXT


def checked(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return spans without those that say nothing.

    Raises:
        InvalidRequestError: A weight is out of range; nested brackets multiply theirs.
    """
    kept = tuple(span for span in spans if span.text or span.kind is SpanKind.BREAK)
    for span in kept:
        if not (math.isfinite(span.weight) and abs(span.weight) <= MAX_WEIGHT):
            raise InvalidRequestError(
                f"the prompt gives {quoted(span.text)} the weight {span.weight:g}: "
                f"weights are numbers from -{MAX_WEIGHT:g} to {MAX_WEIGHT:g}"
            )
    return kept


def quoted(text: str) -> str:
    """Return the beginning of a text in quotation marks, for a message."""
    shown = " ".join(text[: 4 * _MAX_QUOTED].split())
    return repr(shown if len(shown) <= _MAX_QUOTED else f"{shown[:_MAX_QUOTED].rstrip()}...")


def number_in(text: str) -> float | None:
    """Return the number that a text is, as people write weights ("1.2", "-.5"); None if it is none."""
    written = text.strip() if len(text) <= _MAX_DIGITS else ""
    digits = written.removeprefix("-").removeprefix("+")
    is_number = digits.replace(".", "", 1).isdigit() and digits.isascii() and len(written) - len(digits) <= 1
    return float(written) if is_number else None
