"""What looks like a weight in a prompt and is none for A1111 and ComfyUI: full-width characters, forms of other tools.

InvokeAI writes `(x)1.3` and `(x)++`, NovelAI `1.3::x::` and `{{x}}`, extensions of both tools draw one of `{x|y}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_INSIDE = r"[^()\uff08\uff09\n]{0,300}?"
_NUMBER = r"[+-]?\d{0,8}\.?\d{1,8}"
_DIGITS = r"\d{1,8}"
_FULL_WIDTH = (
    rf"\uff08{_INSIDE}[:\uff1a]\s*{_NUMBER}\s*[)\uff09]|\({_INSIDE}(?:\uff1a\s*{_NUMBER}\s*\)|:\s*{_NUMBER}\s*\uff09)"
)
_FORMS = (
    (_FULL_WIDTH, "brackets and colons of full width are characters"),
    (rf"(?<!\\)\({_INSIDE}:\s*[+-]?{_DIGITS},{_DIGITS}\s*\)", "a weight has a point, as in 1.2"),
    (
        rf"(?<!\\)\({_INSIDE}\)(?:{_DIGITS}\.{_DIGITS}|[+-]{{1,8}})(?=[\s,]|$)",
        "this is the syntax of InvokeAI; write (words:1.2)",
    ),
    (rf"(?<![\w.]){_NUMBER}::[^:\n]{{1,300}}(?:::)?", "this is the syntax of NovelAI; write (words:1.2)"),
    (r"\{\{[^{}\n]{1,300}\}\}", "this is the syntax of NovelAI; write (words:1.2)"),
    (r"\{[^{}\n]{0,300}\|[^{}\n]{0,300}\}", "no word is chosen at random here"),
    (r"(?<!\w)__[\w/*-]{1,100}__(?!\w)", "wildcards are not replaced here"),
)
_PATTERNS = tuple((re.compile(pattern), why) for pattern, why in _FORMS)
_AT_END = re.compile(r":\s*[+-]?(?:\d{1,8}\.?\d{0,8}|\.\d{1,8})\s*$")


def lookalikes(text: str, *, ends_in_weight: bool) -> Iterator[tuple[str, str]]:
    """Yield what looks like a weight, the first of each form, and why it is none, as a clause.

    Args:
        text: A prompt.
        ends_in_weight: Whether A1111 takes a number at the end for the weight of all of it.
    """
    for pattern, why in _PATTERNS:
        if match := pattern.search(text):
            yield match[0], why
    if ends_in_weight and (match := _AT_END.search(text)):
        yield match[0], "A1111 would multiply the guidance by it; write (words:1.2)"
