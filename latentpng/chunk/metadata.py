"""The metadata of a file as frozen values and as a JSON object.  SPEC.md, section 4, is the law.

Knows neither bytes nor noise; `validate.py` has the rules about the object of a file.
"""

from __future__ import annotations

from typing import cast

from latentpng.chunk.validate import RESERVED, round_values
from latentpng.errors import InvalidValueError
from latentpng.json_fields import JsonFields
from latentpng.record import Json, JsonObject, Lineage, Metadata, Root, Round, SeedRoot, TensorRoot
from latentpng.shapes import default_axes

_KNOWN = frozenset({"axes", "base", "node", "noise", "pixels", "root", "rounds", "settings", "software"})
_KNOWN_ROUND = frozenset({"bands", "before", "marks", "of", "prompt_scale", "region", "scale", "seed", "settings"})
_KNOWN_ROOT = frozenset({"seed", "source", "tensor"})


def metadata_to_json(metadata: Metadata) -> dict[str, Json]:
    """Return the object that is written; fields with nothing to say are left out.

    Raises:
        InvalidValueError: If an unknown key has the name of a known one.
    """
    if taken := sorted(set(metadata.extra) & (RESERVED | _KNOWN)):
        raise InvalidValueError(f"extra may not have keys of the format, found {taken[0]!r}")
    entries: dict[str, Json] = {
        **metadata.extra,
        "base": metadata.base,
        "node": metadata.node,
        "noise": metadata.lineage.noise,
        "root": root_to_json(metadata.lineage.root),
        "rounds": [round_to_json(round_) for round_ in metadata.lineage.rounds],
    }
    if metadata.axes != default_axes(len(metadata.axes)):
        entries["axes"] = metadata.axes
    optional: dict[str, Json] = {
        "pixels": metadata.pixels,
        "settings": metadata.settings,
        "software": metadata.software,
    }
    return entries | {key: value for key, value in optional.items() if value}


def metadata_from_json(entries: JsonObject, dimensions: int) -> Metadata:
    """Return the frozen values of a JSON object that passed `check_metadata`.

    Args:
        entries: The JSON object.
        dimensions: The number of dimensions of the noise, for the default axes.
    """
    fields = JsonFields(entries)
    return Metadata(
        lineage=Lineage(
            root=root_from_json(fields.mapping("root")),
            rounds=tuple(map(round_from_json, fields.array("rounds"))),
            noise=fields.text("noise"),
        ),
        axes=fields.text("axes", default_axes(dimensions)),
        node=fields.text("node"),
        pixels=fields.text("pixels", ""),
        settings=fields.mapping("settings", {}),
        software=fields.mapping("software", {}),
        extra=_others(entries, _KNOWN),
    )


def root_to_json(root: Root) -> dict[str, Json]:
    """Return the JSON object of a root.

    Raises:
        InvalidValueError: If an unknown key has the name of a known one.
    """
    if unknown := sorted(set(root.extra) & _KNOWN_ROOT):
        raise InvalidValueError(f"root: extra may not have keys of the format, found {unknown[0]!r}")
    if isinstance(root, SeedRoot):
        return {**root.extra, "seed": str(root.seed)}
    return {**root.extra, "tensor": True} | ({"source": root.source} if root.source else {})


def root_from_json(entries: JsonObject) -> Root:
    """Return the root of a JSON object.

    Raises:
        InvalidValueError: If its seed or its source is none.
    """
    fields, extra = JsonFields(entries), _others(entries, _KNOWN_ROOT)
    if "seed" in entries:
        return SeedRoot(seed=fields.seed("seed"), extra=extra)
    return TensorRoot(source=fields.mapping("source", {}), extra=extra)


def round_to_json(round_: Round) -> dict[str, Json]:
    """Return the JSON object of a round; fields with nothing to say are left out.

    Raises:
        InvalidValueError: If an unknown key has the name of a known one.
    """
    if unknown := sorted(set(round_.extra) & _KNOWN_ROUND):
        raise InvalidValueError(f"round: extra may not have keys of the format, found {unknown[0]!r}")
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
        "before": round_.before,
        "prompt_scale": round_.prompt_scale,
        "region": round_.region,
        "settings": round_.settings,
    }
    return entries | {key: value for key, value in optional.items() if value}


def round_from_json(entries: Json) -> Round:
    """Return the round of a JSON object.

    Raises:
        InvalidValueError: If the object breaks a rule that does not depend on the shape of the noise.
    """
    values, fields = round_values(entries), JsonFields(cast("JsonObject", entries))
    return Round(
        seed=fields.seed("seed"),
        of=values.of,
        marks=values.marks,
        scale=values.scale,
        bands=values.bands,
        region=values.region,
        prompt_scale=values.prompt_scale,
        settings=fields.mapping("settings", {}),
        before=fields.mapping("before", {}),
        extra=_others(fields.entries, _KNOWN_ROUND),
    )


def _others(entries: JsonObject, known: frozenset[str]) -> dict[str, Json]:
    """Return the entries that this version does not know."""
    return {} if entries.keys() <= known else {key: value for key, value in entries.items() if key not in known}
