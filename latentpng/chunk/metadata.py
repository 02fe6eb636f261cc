"""The metadata of a file: its JSON object <-> frozen values.  SPEC.md, "Metadata", is the law.

Knows neither bytes nor noise.  Every broken rule is an InvalidValueError; readers say in which file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeGuard, TypeVar

from latentpng.errors import InvalidValueError
from latentpng.record import Json, JsonObject, LatentRecord, Lineage, Root, Round, SeedRoot, TensorRoot
from latentpng.rules import MAX_OCTAVES, MAX_ROUNDS, MAX_SEED, check_digest
from latentpng.shapes import default_axes
from latentpng.text import brief

# what `inspect --json` and the text twin add to the metadata: never keys of the metadata itself
RESERVED = frozenset({"carrier", "chunk_bytes", "codec", "digest", "dims", "dtype", "file", "version"})
_KNOWN = frozenset({"axes", "base", "node", "noise", "pixels", "root", "rounds", "settings", "software"})
_KNOWN_ROUND = frozenset({"bands", "marks", "of", "prompt_scale", "region", "scale", "seed", "settings"})
_KNOWN_ROOT = frozenset({"seed", "source", "tensor"})

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Metadata:
    """A record without its tensor; the fields are those of LatentRecord."""

    lineage: Lineage
    axes: str
    node: str
    pixels: str
    settings: JsonObject
    software: JsonObject
    extra: JsonObject


def metadata_to_json(record: LatentRecord) -> dict[str, Json]:
    """The object that is written; fields with nothing to say are left out."""
    if taken := sorted(set(record.extra) & (RESERVED | _KNOWN)):
        raise InvalidValueError(f"unknown keys only, found {taken[0]!r}")
    entries: dict[str, Json] = {
        **record.extra,
        "base": record.base,
        "node": record.node,
        "noise": record.lineage.noise,
        "root": root_to_json(record.lineage.root),
        "rounds": [round_to_json(round_) for round_ in record.lineage.rounds],
    }
    if record.axes != default_axes(len(record.tensor.shape)):
        entries["axes"] = record.axes
    optional: dict[str, Json] = {"pixels": record.pixels, "settings": record.settings, "software": record.software}
    return entries | {key: value for key, value in optional.items() if value}


def metadata_from_json(entries: JsonObject, dimensions: int) -> Metadata:
    """The frozen values; InvalidValueError when a rule is broken.  dimensions: of the tensor, for the default axes."""
    check_keys(entries)
    rounds = _needed(entries, "rounds")
    if not _is_list(rounds) or len(rounds) > MAX_ROUNDS:
        raise InvalidValueError(f"rounds are a list of at most {MAX_ROUNDS} objects")
    lineage = Lineage(
        root=_part("root", _needed(entries, "root"), _root_from_json),
        rounds=tuple(_part(f"round {number}", entry, round_from_json) for number, entry in enumerate(rounds, 1)),
        noise=_text(entries, "noise"),
    )
    applied = len(lineage.rounds) if isinstance(lineage.root, SeedRoot) else 0
    base = _needed(entries, "base")
    if not _is_integer(base) or base != applied:
        raise InvalidValueError(f"base is {applied} for this root and its rounds, found {brief(base)}")
    node = _text(entries, "node")
    check_digest("node", node)
    if "pixels" in entries:
        check_digest("pixels", _text(entries, "pixels"))
    axes = _text(entries, "axes") if "axes" in entries else default_axes(dimensions)
    return Metadata(
        lineage=lineage,
        axes=axes,
        node=node,
        pixels=_text(entries, "pixels") if "pixels" in entries else "",
        settings=_object(entries.get("settings", {}), "settings"),
        software=_object(entries.get("software", {}), "software"),
        extra=_others(entries, _KNOWN),
    )


def check_keys(entries: JsonObject) -> None:
    """InvalidValueError for a key at the top level that `inspect --json` or the twin adds: it would stand there twice.

    It holds for noise of a newer version too, whose metadata are shown and not understood.
    """
    if taken := sorted(set(entries) & RESERVED):
        raise InvalidValueError(f"{taken[0]!r} is no key of the metadata")


def root_to_json(root: Root) -> dict[str, Json]:
    """The object of a root."""
    if unknown := sorted(set(root.extra) & _KNOWN_ROOT):
        raise InvalidValueError(f"root: unknown keys only, found {unknown[0]!r}")
    if isinstance(root, SeedRoot):
        return {**root.extra, "seed": str(root.seed)}
    return {**root.extra, "tensor": True} | ({"source": root.source} if root.source else {})


def _root_from_json(entries: JsonObject) -> Root:
    extra = _others(entries, _KNOWN_ROOT)
    if set(entries) & _KNOWN_ROOT == {"seed"}:
        return SeedRoot(seed=_seed(entries), extra=extra)
    if entries.get("tensor") is True and "seed" not in entries:
        return TensorRoot(source=_object(entries.get("source", {}), "source"), extra=extra)
    raise InvalidValueError('{"seed": ...} or {"tensor": true} needed, found neither')


def round_to_json(round_: Round) -> dict[str, Json]:
    """The object of a round; fields with nothing to say are left out."""
    if unknown := sorted(set(round_.extra) & _KNOWN_ROUND):
        raise InvalidValueError(f"round: unknown keys only, found {unknown[0]!r}")
    entries: dict[str, Json] = {
        **round_.extra,
        "marks": list(round_.marks),
        "of": round_.of,
        "scale": round_.scale + 0.0,  # -0.0 becomes 0.0
        "seed": str(round_.seed),
    }
    bands = [band + 0.0 for band in round_.bands]
    optional: dict[str, Json] = {
        "bands": bands,
        "prompt_scale": round_.prompt_scale,
        "region": round_.region,
        "settings": round_.settings,
    }
    return entries | {key: value for key, value in optional.items() if value}


def round_from_json(entries: JsonObject) -> Round:
    """The round that an object tells; InvalidValueError."""
    marks, of, scale = _needed(entries, "marks"), _needed(entries, "of"), _needed(entries, "scale")
    bands, prompt_scale = entries.get("bands", []), entries.get("prompt_scale", 0.0)
    if not _is_list(marks) or not all(map(_is_integer, marks)):
        raise InvalidValueError(f"marks are a list of whole numbers, found {brief(marks)}")
    if not _is_integer(of):
        raise InvalidValueError(f"of is a whole number, found {brief(of)}")
    if not _is_number(scale):
        raise InvalidValueError(f"scale is a number, found {brief(scale)}")
    if not _is_number(prompt_scale):
        raise InvalidValueError(f"prompt_scale is a number, found {brief(prompt_scale)}")
    if not _is_list(bands) or not all(map(_is_number, bands)) or len(bands) > MAX_OCTAVES:
        raise InvalidValueError(f"bands are a list of at most {MAX_OCTAVES} numbers, found {brief(bands)}")
    return Round(
        seed=_seed(entries),
        scale=float(scale),
        of=of,
        marks=tuple(marks),  # type: ignore[arg-type]  # all of them are whole numbers, as was looked at
        bands=tuple(map(float, bands)),  # type: ignore[arg-type]  # all numbers, likewise
        region=_text(entries, "region") if "region" in entries else "",
        prompt_scale=float(prompt_scale),
        settings=_object(entries.get("settings", {}), "settings"),
        extra=_others(entries, _KNOWN_ROUND),
    )


def _part(name: str, value: Json, parse: Callable[[JsonObject], T]) -> T:
    """A nested object as a value; what goes wrong inside is told with its name."""
    try:
        if not isinstance(value, dict):
            raise InvalidValueError(f"an object needed, found {brief(value)}")
        return parse(value)
    except InvalidValueError as error:
        raise InvalidValueError(f"{name}: {error}") from error


def _seed(entries: JsonObject) -> int:
    value = _needed(entries, "seed")
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
        seed = int(value)
        if seed <= MAX_SEED and str(seed) == value:
            return seed
    raise InvalidValueError(f"a seed is a decimal string from 0 to 2^64 - 1, found {brief(value)}")


def _needed(entries: JsonObject, key: str) -> Json:
    if key not in entries:
        raise InvalidValueError(f"{key} is missing")
    return entries[key]


def _text(entries: JsonObject, key: str) -> str:
    value = _needed(entries, key)
    if not isinstance(value, str):
        raise InvalidValueError(f"{key} is a text, found {brief(value)}")
    return value


def _object(value: Json, name: str) -> JsonObject:
    if not isinstance(value, dict):
        raise InvalidValueError(f"{name} is an object, found {brief(value)}")
    return value


def _others(entries: JsonObject, known: frozenset[str]) -> dict[str, Json]:
    return {} if entries.keys() <= known else {key: value for key, value in entries.items() if key not in known}


def _is_list(value: object) -> TypeGuard[list[Json]]:
    return isinstance(value, list)


def _is_integer(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
