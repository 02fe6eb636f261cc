"""JSON from strangers: anything that is not JSON, or is too large, deep or long, reads as nothing.

Unlike `jsontext.py` it is not the format's own: a key may stand twice (the last one counts), and what no number can be
(NaN, infinities, thousands of digits) reads as null, because ComfyUI and others write such values.
"""

from __future__ import annotations

import json
import math
import re
from typing import cast

from latentpng.record import Json

MAX_LENGTH = 2**22
MAX_DEPTH = 64
MAX_TOKENS = 200_000  # strings, brackets and commas: what values cost memory by
MAX_NUMBER_LENGTH = 40


def read_value(text: str) -> Json:
    """The value that a text spells, None when there is none or it breaks a limit."""
    if len(text) > MAX_LENGTH or not _is_modest(text):
        return None
    try:
        value: Json = _DECODER.decode(text.strip("\ufeff\0 \t\r\n"))
    except ValueError:
        return None
    return _without_surrogates(value) if "\\ud" in text or "\\uD" in text else value


def read_object(text: str) -> dict[str, Json]:
    """The object that a text spells, {} when it is something else."""
    if not text.lstrip("\ufeff\0 \t\r\n").startswith("{"):
        return {}
    value = read_value(text)
    return cast("dict[str, Json]", value) if isinstance(value, dict) else {}


def _is_modest(text: str) -> bool:
    """Counts brackets and values in one pass, before a recursive parser sees them."""
    depth = 0
    for number, token in enumerate(_TOKENS.finditer(text), 1):
        start = text[token.start()]
        depth += (start in "[{") - (start in "]}")
        if depth > MAX_DEPTH or number > MAX_TOKENS:
            return False
    return True


def _without_surrogates(value: Json) -> Json:
    """Halves of surrogate pairs are no characters: each becomes a question mark."""
    spelled = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    return cast("Json", json.loads(spelled))


def _whole(text: str) -> int | None:
    return int(text) if len(text) <= MAX_NUMBER_LENGTH else None


def _real(text: str) -> float | None:
    value = float(text) if len(text) <= MAX_NUMBER_LENGTH else math.inf
    return value if math.isfinite(value) else None


def _nothing(_: str) -> None:
    return None


_TOKENS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{},]', re.DOTALL)
_DECODER = json.JSONDecoder(parse_int=_whole, parse_float=_real, parse_constant=_nothing, strict=False)
