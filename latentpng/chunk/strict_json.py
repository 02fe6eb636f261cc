"""JSON as the format allows it: ASCII, no key twice, finite numbers, no deep nests; written in one way only.

Refuses what readers in other languages understand differently, before it costs memory or a stack.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import NoReturn, cast

from latentpng.errors import InvalidValueError
from latentpng.record import Json, JsonObject
from latentpng.text import brief

MAX_DEPTH = 32
MAX_NUMBER_LENGTH = 40


def write_json(value: JsonObject) -> bytes:
    """The canonical bytes: keys sorted by code point, no spaces, ASCII, shortest numbers that read back the same.

    InvalidValueError when no reader would take them.
    """
    data = json_text(value).encode("ascii")
    read_json(data)
    return data


def json_text(value: Json) -> str:
    """The same form of a value that was read before, to show it.  InvalidValueError when it is no JSON."""
    try:
        return _ENCODER.encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidValueError(f"the metadata cannot be written as JSON: {error}") from error


def read_json(data: bytes) -> dict[str, Json]:
    """The object that the bytes spell.  InvalidValueError, with the rule and what was found, when they break a rule."""
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError as error:
        raise InvalidValueError(f"ASCII needed, found byte {data[error.start]:#04x} at {error.start}") from error
    _check_depth(text)
    decoder = _CAREFUL_DECODER if _LONG_RUN in data.translate(_DIGITS) else _DECODER
    try:
        value, end = decoder.raw_decode(text) if text[:1] == "{" else (None, -1)
        if end < len(text):  # white space around it, or an error: to skip it and to say where takes longer
            value = decoder.decode(text)
    except json.JSONDecodeError as error:
        raise InvalidValueError(f"JSON needed, found an error at {error.pos} ({error.msg})") from error
    if not isinstance(value, dict):
        raise InvalidValueError(f"a JSON object needed, found {brief(value)}")
    if "\\u" in text and ("\\ud" in text or "\\uD" in text):  # what every half of a pair starts with
        _check_surrogates(value)
    return cast("dict[str, Json]", value)


def read_text(text: str) -> dict[str, Json]:
    """The object that a text spells in which characters beyond ASCII stand as they are, as people write JSON."""
    return read_json(re.sub(r"[^\x00-\x7f]", lambda found: json.dumps(found[0])[1:-1], text).encode("ascii"))


def _plain_mapping(value: object) -> dict[str, Json]:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _check_depth(text: str) -> None:
    """Counts brackets outside of strings, in one pass, before a recursive parser sees them."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    outside = text.replace("\\\\", "").replace('\\"', "").split('"')[::2]
    depth = 0
    for bracket in re.findall(r"[\[\]{}]", "".join(outside)):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            raise InvalidValueError(f"at most {MAX_DEPTH} nested values, found more")


def _check_surrogates(value: object) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise InvalidValueError("valid Unicode needed, found half of a surrogate pair") from error


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    result = dict(pairs)
    if len(result) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise InvalidValueError(f"a key may occur once in an object, found {key[:80]!r} twice")
            seen.add(key)
    return result


def _integer(text: str) -> int:
    _check_number(text)
    return int(text)


def _number(text: str) -> float:
    value = float(text)
    if len(text) > MAX_NUMBER_LENGTH or not math.isfinite(value):
        _check_number(text)
        raise InvalidValueError(f"finite numbers only, found {text}")
    return value


def _check_number(text: str) -> None:
    if len(text) > MAX_NUMBER_LENGTH:
        raise InvalidValueError(f"a number has at most {MAX_NUMBER_LENGTH} characters, found {len(text)}")


def _constant(text: str) -> NoReturn:
    raise InvalidValueError(f"finite numbers only, found {text}")


# looking at each whole number takes longer than all the rest: that is only done where one may be too long
_DIGITS = bytes(ord("0") if chr(code) in "-0123456789" else ord(" ") for code in range(256))
_LONG_RUN = b"0" * (MAX_NUMBER_LENGTH + 1)
_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_number, parse_constant=_constant)
_CAREFUL_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_constant
)
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False, default=_plain_mapping)
