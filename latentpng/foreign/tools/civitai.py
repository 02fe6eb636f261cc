"""What the site Civitai adds to the text of the web UI: the files it used by name, and how it made the picture.

Its own generator writes no `Model`; the model stands in a list with the LoRA files. Pictures of closed engines that it
offers, such as those of OpenAI, have the same text with a seed of -1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from latentpng.foreign.tools import loose
from latentpng.foreign.tools.loosejson import read_object, read_value
from latentpng.record import Json

NAME = "Civitai"
RESOURCES = "Civitai resources"
METADATA = "Civitai metadata"
MAX_RESOURCES = 256
_MODELS = ("checkpoint", "model")
_FROM_WORDS = ("txt2img", "txt2img-draft")
_OPEN_ENGINES = (
    "sd", "stable", "flux", "pony", "illustrious", "noob", "qwen", "z", "chroma", "hidream", "wan", "hunyuan", "comfy",
    "anima", "lumina", "aura", "kolors", "pixart", "svd", "ltx", "lcm", "hyper", "other",
)  # fmt: skip
"""How the names of the families of models begin whose weights are published; the seed of any other says nothing."""
_CLOSED_VARIANT = re.compile(r"kontext|\b(pro|max|ultra|flex)\b", re.IGNORECASE)
"""Variants of such families whose weights are not published."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """A file that the site lists.

    Attributes:
        kind: "checkpoint", "lora" and others, in lower case.
        name: Its name, or what identifies it on the site when it has none.
        version: The name of its version.
        weight: How strongly it acts; None if the site does not say.
    """

    kind: str
    name: str
    version: str = ""
    weight: float | None = None

    def __str__(self) -> str:
        """Return the resource in words: "lora Ink wash v1 (0.6)"."""
        words = " ".join(filter(None, (self.kind, self.name, self.version)))
        return words if self.weight is None else f"{words} ({self.weight:g})"


def resources_of(text: Json) -> tuple[Resource, ...]:
    """Return what a list of resources says; () for anything else."""
    listed = loose.items(read_value(loose.text(text)) if isinstance(text, str) else text)
    found = (_resource(entry) for entry in listed[:MAX_RESOURCES])
    return tuple(resource for resource in found if resource.name)


def _resource(value: Json) -> Resource:
    entry = loose.members(value)
    number = loose.whole(entry.get("modelVersionId"))
    return Resource(
        kind=loose.text(entry.get("type")).casefold(),
        name=loose.text(entry.get("modelName"))
        or loose.text(entry.get("name"))
        or loose.text(entry.get("air"))
        or ("" if number is None else f"model version {number}"),
        version=loose.text(entry.get("modelVersionName")),
        weight=loose.real(entry.get("weight", entry.get("strength"))),
    )


def model_of(resources: tuple[Resource, ...]) -> str:
    """Return the name of the model among the resources; "" when there is none."""
    return next((resource.name for resource in resources if resource.kind in _MODELS), "")


def is_own(fields: Mapping[str, str]) -> bool:
    """Return whether the site wrote the text.

    Programs that list the site's resources, such as savers of ComfyUI, write their `Version` too; the site does not.
    """
    is_signed = "Version" in fields or "App" in fields
    return (RESOURCES in fields or METADATA in fields) and not is_signed


def family_of(fields: Mapping[str, str]) -> str:
    """Return what the site says of the family of a model, whose name it may not give; "" when it says nothing."""
    named = loose.text(read_object(fields.get(METADATA, "")).get("ecosystem"))
    return named or fields.get("Model type", "") or ("flux" if "fluxMode" in fields else "")


def further(fields: Mapping[str, str]) -> dict[str, Json]:
    """Return what the site says only in its object: how it made the picture, unless from words alone."""
    metadata = read_object(fields.get(METADATA, ""))
    told = {name: metadata.get(name) for name in ("workflow", "process", "sourceImage", "denoise")}
    return {name: value for name, value in told.items() if name not in fields and value not in (None, *_FROM_WORDS)}


def closed_engine(fields: Mapping[str, str]) -> str:
    """Return why the noise of a picture cannot be rebuilt, as a clause; "" when an open model made it."""
    metadata = read_object(fields.get(METADATA, ""))
    named = (loose.text(metadata.get("ecosystem")), loose.text(metadata.get("engine")), fields.get("engine", ""))
    engine = next((name for name in named if name and not _is_open(name)), "")
    return engine and f"{NAME} had it made by {engine}, which does not publish how it draws its noise"


def _is_open(engine: str) -> bool:
    return engine.casefold().startswith(_OPEN_ENGINES) and not _CLOSED_VARIANT.search(engine)
