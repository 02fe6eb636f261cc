"""Parse JSON of unknown files: text that is not JSON, or is too large or too deeply nested, gives no value.

strict_json.py parses the JSON of our own format; this module is more tolerant. A key may occur twice (the last one
counts), and NaN, infinities and numbers of more than 40 characters become null, because ComfyUI and other tools write
them.
"""

from __future__ import annotations

import json
import math
from typing import cast

from latentpng.record import Json

MAX_LENGTH = 2**21  # characters
MAX_DEPTH = 64
MAX_TOKENS = 500_000  # strings, brackets and commas; enough for a graph of 10,000 nodes, or 2 MiB of any graph
MAX_NUMBER_LENGTH = 40  # characters


def read_value(text: str) -> Json:
    """Parse a JSON text.

    Returns:
        The value; None when the text is not JSON or exceeds a limit.
    """
    if excess_of(text):
        return None
    try:
        decoder = _CAREFUL_DECODER if _has_odd_number(text) else _DECODER
        value: Json = decoder.decode(text.strip("\ufeff\0 \t\r\n"))
    except ValueError:
        return None
    return _without_surrogates(value) if "\\ud" in text or "\\uD" in text else value


def read_object(text: str) -> dict[str, Json]:
    """Parse a JSON object.

    Returns:
        The object; {} when the text is anything else or exceeds a limit.
    """
    if not text.lstrip("\ufeff\0 \t\r\n").startswith("{"):
        return {}
    value = read_value(text)
    return cast("dict[str, Json]", value) if isinstance(value, dict) else {}


def excess_of(text: str) -> str:
    """Return which limit a text exceeds, as in "has more than 64 levels"; "" for a text within the limits.

    Depth and number of tokens are limited because the parser is recursive, and needs up to 50 bytes for each token: at
    the limit, half a second and 25 MiB.
    """
    if len(text) > MAX_LENGTH:
        return f"has more than {MAX_LENGTH} characters"
    # String methods alone: a loop over the tokens would take longer than the parser.
    pieces = text.replace("\\\\", "").replace('\\"', "").split('"')  # every second one stands in a string
    signs = "".join(pieces[::2]).encode("utf-8", "surrogatepass").translate(_ROUND, _NO_SIGNS)
    if _is_deeper(signs.replace(b",", b""), MAX_DEPTH):
        return f"has more than {MAX_DEPTH} levels"
    return f"has more than {MAX_TOKENS} values" if len(pieces) // 2 + len(signs) > MAX_TOKENS else ""


def _is_deeper(brackets: bytes, depth: int) -> bool:
    """Return whether round brackets are nested deeper, by taking the innermost pairs away once for each level."""
    if b"(" * (depth + 1) in brackets:
        return True
    for _ in range(depth):
        left = brackets.replace(b"()", b"")
        if len(left) == len(brackets):
            break
        brackets = left
    return b"()" in brackets or brackets.count(b"(") > depth


def _has_odd_number(text: str) -> bool:
    """Return True when some number may be too long or too large for the fast decoder."""
    # Hooks for every number would take longer than the rest of the parsing. So the text is mapped to classes of
    # characters first, and the careful decoder runs only when a long run of digits or a long exponent is found.
    data = text.encode("utf-8", "surrogatepass")
    return _LONG_RUN in data.translate(_NUMBERS) or _LONG_EXPONENT in data.translate(_EXPONENTS, b"+-")


def _without_surrogates(value: Json) -> Json:
    """Return the value with a question mark for each half of a surrogate pair, which is not a character."""
    spelled = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    return cast("Json", json.loads(spelled))


def _whole(text: str) -> int | None:
    return int(text) if len(text) <= MAX_NUMBER_LENGTH else None


def _real(text: str) -> float | None:
    value = float(text) if len(text) <= MAX_NUMBER_LENGTH else math.inf
    return value if math.isfinite(value) else None


def _nothing(_: str) -> None:
    return None


_NO_SIGNS = bytes(code for code in range(256) if chr(code) not in "[]{},")
_ROUND = bytes.maketrans(b"[]{}", b"()()")
_NUMBERS = bytes(ord("0") if chr(code) in "+-.0123456789Ee" else ord(" ") for code in range(256))
_LONG_RUN = b"0" * (MAX_NUMBER_LENGTH + 1)
_EXPONENTS = bytes(
    ord("0") if chr(code).isdecimal() else ord("e") if code in b"eE" else ord(" ") for code in range(256)
)
_LONG_EXPONENT = b"e000"
_DECODER = json.JSONDecoder(parse_constant=_nothing, strict=False)
_CAREFUL_DECODER = json.JSONDecoder(parse_int=_whole, parse_float=_real, parse_constant=_nothing, strict=False)
