"""JSON as the format allows it: ASCII, no duplicate keys, finite numbers, limited depth; written in one way only.

Text that readers in other languages may understand differently is refused, before it costs memory or a stack.
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
    """Return the canonical bytes of an object.

    Keys are sorted by code point, there are no spaces, the text is ASCII, and numbers are the shortest that read back
    as the same double.

    Raises:
        InvalidValueError: If a reader would refuse the bytes.
    """
    data = json_text(value).encode("ascii")
    read_json(data)
    return data


def json_text(value: Json) -> str:
    """Return the canonical text of a value, without the checks of a reader; to show what was read before.

    Raises:
        InvalidValueError: If the value has no form in JSON.
    """
    try:
        return _ENCODER.encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidValueError(f"the metadata cannot be written as JSON: {error}") from error


def read_json(data: bytes) -> dict[str, Json]:
    """Return the object that bytes spell.

    Raises:
        InvalidValueError: If they break a rule; the message names the rule and what was found.
    """
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError as error:
        raise InvalidValueError(f"ASCII needed, found byte {data[error.start]:#04x} at {error.start}") from error
    skeleton = data.translate(_SKELETON)
    if skeleton.count(b"[") > MAX_DEPTH:
        _check_depth(text)
    decoder = _CAREFUL_DECODER if _LONG_RUN in skeleton else _DECODER
    try:
        value, end = decoder.raw_decode(text) if text[:1] == "{" else (None, -1)
        if end < len(text):  # white space around it, or an error: to skip it and to say where takes longer
            value = decoder.decode(text)
    except json.JSONDecodeError as error:
        raise InvalidValueError(f"JSON needed, found an error at {error.pos} ({error.msg})") from error
    if not isinstance(value, dict):
        raise InvalidValueError(f"a JSON object needed, found {brief(value)}")
    if "\\u" in text and ("\\ud" in text or "\\uD" in text):  # every half of a surrogate pair starts like this
        _check_surrogates(value)
    return cast("dict[str, Json]", value)


def read_text(text: str) -> dict[str, Json]:
    """Return the object that a text spells; it may contain characters beyond ASCII, as people write JSON.

    Raises:
        InvalidValueError: If it breaks another rule.
    """
    return read_json(re.sub(r"[^\x00-\x7f]", lambda found: json.dumps(found[0])[1:-1], text).encode("ascii"))


def _plain_mapping(value: object) -> dict[str, Json]:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _check_depth(text: str) -> None:
    # The brackets outside of strings are counted before the recursive parser sees them.  Escapes are removed first, so
    # that splitting at quotes separates strings from the rest: every second part is outside of a string.
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


# Following the brackets and checking each whole number takes longer than all the rest, and few texts need it: only one
# with more brackets than may nest, or with a run of digits and signs that is longer than a number may be.  Translating
# all digits and signs to "0" and all opening brackets to "[" makes both easy to see.
_SKELETON = bytes(
    ord("0") if chr(code) in "-0123456789" else ord("[") if chr(code) in "[{" else ord(" ") for code in range(256)
)
_LONG_RUN = b"0" * (MAX_NUMBER_LENGTH + 1)
_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_number, parse_constant=_constant)
_CAREFUL_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_constant
)
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False, default=_plain_mapping)
