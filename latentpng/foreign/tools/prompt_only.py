"""A text that has a prompt and no settings, in the form of the web UI: programs and people shorten it to that.

A line `Negative prompt:` is needed, except under the keyword of the web UI itself, where any text that is not a list of
settings is a prompt.
"""

from __future__ import annotations

import re
from itertools import islice

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import a1111
from latentpng.foreign.tools.infotext import NEGATIVE, prompts_of

_KEYWORD = "parameters"
_NEGATIVE_LINE = re.compile(rf"^[ \t]*+{NEGATIVE.pattern}", re.IGNORECASE | re.MULTILINE)
_NAMED_VALUE = re.compile(r"(?:^|[,;\n])\s{0,8}[A-Za-z][\w -]{0,40}[:=]\s?[^\s,;]")
_LABEL = re.compile(r"\A(?:positive )?prompt:[ \t]*", re.IGNORECASE)
_FEW = 2  # so many named values are a list of settings
_SEARCHED = 2**16  # characters in which settings begin, if there are any: to look at each comma takes long
_STARTS_OF_DATA = ("{", "[", "<", '"')


def read(texts: Texts) -> ForeignRecord | None:
    """Return the record of the first text of this form; None when there is none."""
    for keyword in a1111.KEYWORDS:
        text = texts.get(keyword, "").strip()
        if text and (_NEGATIVE_LINE.search(text) or (keyword == _KEYWORD and _is_prompt(text))):
            prompt, negative = prompts_of(_LABEL.sub("", text, count=1))
            note = f"its text {keyword!r} contains a prompt and no settings"
            return ForeignRecord(tool="a1111", prompt=prompt, negative_prompt=negative, notes=(note,))
    return None


def _is_prompt(text: str) -> bool:
    """Return whether a text is words: neither data nor a list of named values."""
    named_values = len(list(islice(_NAMED_VALUE.finditer(text[:_SEARCHED]), _FEW)))
    return not text.startswith(_STARTS_OF_DATA) and named_values < _FEW and " " in text
