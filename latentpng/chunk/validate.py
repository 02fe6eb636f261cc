"""The validator of metadata: every rule of SPEC.md, section 4, on the JSON object of a file.

It makes no values: `metadata.py` does, from an object that passed.  A folder may hold ten thousand pictures, and
`inspect` only has to know that their metadata are right.  For the same reason the types are compared directly here
instead of through `JsonFields`.  The type of true and false is bool, so they are neither numbers nor whole numbers.
"""

from __future__ import annotations

import math
from typing import NamedTuple, TypeAlias

from latentpng.errors import InvalidValueError
from latentpng.json_fields import is_seed
from latentpng.record import GAUSS1, Json, JsonObject
from latentpng.rules import (
    LEAST_CANDIDATES,
    MAX_OCTAVES,
    MAX_ROUNDS,
    check_digest,
    check_round_fits,
    check_round_values,
    check_work,
)
from latentpng.shapes import MAX_STORED, check_shape, default_axes, is_large
from latentpng.text import brief

# what `inspect --json` and the text twin add to the metadata: never keys of the metadata itself
RESERVED = frozenset({"carrier", "chunk_bytes", "codec", "digest", "dims", "dtype", "file", "version"})
_Options: TypeAlias = tuple[tuple[float, ...], str, float]  # of a round: bands, region, prompt_scale
_NO_OPTIONS: _Options = ((), "", 0.0)
_NUMBERS = frozenset({int, float})
_KEYS_NEEDED = 4  # of a round
_NOT_A_SEED = "a seed is a decimal string from 0 to 2^64 - 1, found "


class RoundValues(NamedTuple):
    """The values of a round that have rules of their own; the fields are those of `latentpng.record.Round`."""

    of: int
    marks: tuple[int, ...]
    scale: float
    bands: tuple[float, ...] = ()
    region: str = ""
    prompt_scale: float = 0.0


def check_metadata(entries: JsonObject, dims: tuple[int, ...]) -> str:
    """Check every rule about metadata.

    Args:
        entries: The JSON object.
        dims: The shape of the stored noise, checked already.

    Returns:
        "", or what a newer reader is needed for: metadata of an unknown generator may be shown, and nothing else.

    Raises:
        InvalidValueError: For the first rule that is broken.
    """
    if not RESERVED.isdisjoint(entries):
        raise InvalidValueError(f"{min(RESERVED & set(entries))!r} is not allowed as a key of the metadata")
    noise = entries.get("noise")
    if type(noise) is str and noise != GAUSS1:
        return f"only the noise generator {GAUSS1!r} is supported, found {noise[:80]!r}"
    rounds = entries.get("rounds")
    if type(rounds) is not list or len(rounds) > MAX_ROUNDS:
        _check_presence(entries, "rounds")
        raise InvalidValueError(f"rounds are a list of at most {MAX_ROUNDS} objects")
    is_seeded = _check_root(entries)
    if not is_seeded and is_large(dims):
        raise InvalidValueError(f"noise of more than {MAX_STORED} values needs a seeded root, found a tensor root")
    candidates, fitted = _check_rounds(rounds)
    _check_text(entries, "noise")
    base, applied = entries.get("base"), len(rounds) if is_seeded else 0
    if type(base) is not int or base != applied:
        raise _wrong(entries, "base", f"is {applied} for this root and its rounds")
    check_digest("node", _check_text(entries, "node"))
    if "pixels" in entries:
        check_digest("pixels", _check_text(entries, "pixels"))
    axes = _check_text(entries, "axes") if "axes" in entries else default_axes(len(dims))
    _check_object(entries, "settings")
    _check_object(entries, "software")
    if "axes" in entries:  # the default axes always fit
        check_shape(dims, axes)
    for bands, region, _ in fitted:
        check_round_fits(bands, region, dims, axes)
    check_work(candidates * math.prod(dims))
    return ""


def round_values(entries: Json) -> RoundValues:
    """Return the values of a round.

    Args:
        entries: The JSON object of the round.

    Raises:
        InvalidValueError: If the object breaks a rule that does not depend on the shape of the noise.
    """
    of, marks, scale, (bands, region, prompt_scale) = _checked_round(entries)
    return RoundValues(of, tuple(marks), scale, bands, region, prompt_scale)


def _check_rounds(rounds: list[Json]) -> tuple[int, list[_Options]]:
    """Return the candidates that a replay counts, and what depends on the shape of the noise."""
    candidates, fitted = 0, []
    for number, entries in enumerate(rounds, 1):
        try:
            of, _, _, options = _checked_round(entries)
        except InvalidValueError as error:
            raise InvalidValueError(f"round {number}: {error}") from error
        candidates += of if of > LEAST_CANDIDATES else LEAST_CANDIDATES
        if options is not _NO_OPTIONS:
            fitted.append(options)
    return candidates, fitted


def _checked_round(entries: Json) -> tuple[int, list[int], float, _Options]:
    """Return candidates, marks, scale and options of a round that keeps every rule; InvalidValueError otherwise."""
    if type(entries) is not dict:
        raise InvalidValueError(f"an object needed, found {brief(entries)}")
    marks, of, scale = entries.get("marks"), entries.get("of"), entries.get("scale")
    if type(marks) is not list:
        raise _wrong(entries, "marks", "are a list of whole numbers")
    for mark in marks:
        if type(mark) is not int:
            raise _wrong(entries, "marks", "are a list of whole numbers")
    if type(of) is not int:
        raise _wrong(entries, "of", "is a whole number")
    if type(scale) is not float and type(scale) is not int:
        raise _wrong(entries, "scale", "is a number")
    if not is_seed(entries.get("seed")):
        _check_presence(entries, "seed")
        raise InvalidValueError(_NOT_A_SEED + brief(entries["seed"]))
    # most rounds have the four keys that are needed and no more: nothing else is left to look at
    options = _NO_OPTIONS if len(entries) == _KEYS_NEEDED else _options(entries)
    check_round_values(of, marks, float(scale), *options)
    return of, marks, float(scale), options


def _options(entries: dict[str, Json]) -> _Options:
    bands, prompt_scale = entries.get("bands", []), entries.get("prompt_scale", 0.0)
    if type(prompt_scale) is not float and type(prompt_scale) is not int:
        raise _wrong(entries, "prompt_scale", "is a number")
    if type(bands) is not list or len(bands) > MAX_OCTAVES or not _NUMBERS.issuperset(map(type, bands)):
        raise _wrong(entries, "bands", f"are a list of at most {MAX_OCTAVES} numbers")
    region = _check_text(entries, "region") if "region" in entries else ""
    _check_object(entries, "settings")
    _check_object(entries, "before")
    return tuple(map(float, bands)), region, float(prompt_scale)


def _check_root(entries: JsonObject) -> bool:
    """Return whether the root is seeded; InvalidValueError if it breaks a rule."""
    root = entries.get("root")
    if type(root) is not dict:
        _check_presence(entries, "root")
        raise InvalidValueError(f"root: an object needed, found {brief(root)}")
    if "seed" in root and "tensor" not in root and "source" not in root:
        if not is_seed(root["seed"]):
            raise InvalidValueError(f"root: {_NOT_A_SEED}{brief(root['seed'])}")
        return True
    if root.get("tensor") is True and "seed" not in root:
        if type(root.get("source", {})) is not dict:
            raise InvalidValueError(f"root: source is an object, found {brief(root['source'])}")
        return False
    raise InvalidValueError('root: {"seed": ...} or {"tensor": true} needed, found neither')


def _check_text(entries: JsonObject, key: str) -> str:
    value = entries.get(key)
    if type(value) is not str:
        raise _wrong(entries, key, "is a text")
    return value


def _check_object(entries: JsonObject, key: str) -> None:
    if type(entries.get(key, {})) is not dict:
        raise _wrong(entries, key, "is an object")


def _check_presence(entries: JsonObject, key: str) -> None:
    if key not in entries:
        raise InvalidValueError(f"{key} is missing")


def _wrong(entries: JsonObject, key: str, rule: str) -> InvalidValueError:
    """Return the error for a value that breaks a rule because it has another type, or because it is missing."""
    _check_presence(entries, key)
    return InvalidValueError(f"{key} {rule}, found {brief(entries[key])}")
