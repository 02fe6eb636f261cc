"""Lines of text that can be edited, safe to show: a prompt from a file, and a pasted one, may hold anything.

What a person edits keeps its text, so that a prompt or a path stays the one that it is; only what the terminal gets
is made harmless.
"""

from __future__ import annotations

import re

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip
from textual.widgets import Input

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal obeys, what turns the direction of a line, and what cannot be written at all."""


class SafeInput(Input):
    """An input for text that may come from outside."""

    def render_line(self, y: int) -> Strip:
        return safe_strip(super().render_line(y))


def safe_strip(strip: Strip) -> Strip:
    """Return a line of the same width without characters that a terminal obeys."""
    if not any(_UNSAFE.search(segment.text) for segment in strip):
        return strip
    segments = [Segment(_UNSAFE.sub(_shown, text), style, control) for text, style, control in strip]
    return Strip(segments, strip.cell_length)


def _shown(found: re.Match[str]) -> str:
    return "?" * cell_len(found[0])
