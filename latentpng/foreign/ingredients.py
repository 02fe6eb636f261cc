"""What else made another tool's picture: clip skip, LoRA files, textual inversions, a VAE, further passes.

All of it comes from the fields that a tool's reader found.  Nothing here reads files, and a field of the wrong form
counts as absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath, PureWindowsPath
from types import MappingProxyType

from latentpng.foreign.passes import passes_of
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import loose
from latentpng.foreign.tools.loosejson import read_value
from latentpng.foreign.tools.lora_tags import tags_in, without_tags
from latentpng.record import Json, JsonObject

MAX_ITEMS = 64
_MAX_NAME = 200
_STYLES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("a1111", "forge", "sdnext", "fooocus", "sdcpp"), "a1111"),
        **dict.fromkeys(("comfyui", "swarmui"), "comfyui"),
    }
)
"""How the tools read their prompts, by the values of `prompt_style`; other tools have a syntax of their own."""
_TAGGED = frozenset({"a1111", "forge", "sdnext", "fooocus", "sdcpp", "swarmui"})
"""Tools whose prompts name LoRA files in tags."""
_TAGGED_NEGATIVE = frozenset({"swarmui"})
"""Those whose negative prompts do so too; for the others a tag there is words."""
_PAIR = re.compile(r"\s*([^,:]{1,200}?)\s*:\s*([0-9A-Za-z]{4,80})\s*(?:,|$)")
_WEIGHT = re.compile(r"\s*([^,:]{1,200}?)\s*:\s*(-?[0-9]+(?:\.[0-9]+)?)\s*(?:,|$)")
_EMBEDDING = re.compile(r"\bembedding:([\w.\-/\\]{1,200})")
_EMBED_TAG = re.compile(r"<embed(?:ding)?:([^<>:]{1,200})>", re.IGNORECASE)  # SwarmUI
_TRIGGER = re.compile(r"<([^<>\s:,]{1,200})>")  # InvokeAI
_VAE_NAME = re.compile(r"^ae$|vae", re.IGNORECASE)
_ADDNET = re.compile(r"(.{1,200}?)\(([0-9a-f]{4,80})\)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """A file that a picture names.

    Attributes:
        name: Without folders and suffix.
        weight: How strongly it acts; None if the file does not say.
        hash: In the tool's own words; "" if the file does not say.
    """

    name: str
    weight: float | None = None
    hash: str = ""

    def to_json(self) -> dict[str, Json]:
        """Return the form in a file's `settings`."""
        entries: dict[str, Json] = {"name": self.name, "weight": self.weight, "hash": self.hash}
        return {key: value for key, value in entries.items() if value not in (None, "")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Ingredients:
    """What else made a picture.

    Attributes:
        prompt: The prompt without the tags that name LoRA files.
        negative_prompt: The negative prompt, likewise.
        prompt_style: "a1111" or "comfyui", for prompts that are read as these tools do; else "".
        clip_skip: The layer of the CLIP text encoder, counted from the end, 1 for the last one; 0 if it is not said.
        loras: The LoRA files.
        embeddings: The textual inversions.
        vae: The VAE in place of the model's own; None if it is not said.
        passes: What was done besides one pass from the initial noise: a kind, and what the tool wrote about it.
    """

    prompt: str
    negative_prompt: str
    prompt_style: str = ""
    clip_skip: int = 0
    loras: tuple[Named, ...] = ()
    embeddings: tuple[Named, ...] = ()
    vae: Named | None = None
    passes: tuple[JsonObject, ...] = ()


def ingredients_of(record: ForeignRecord) -> Ingredients:
    """Return what else made a picture.

    Args:
        record: What its file says.
    """
    fields = dict(record.extra)
    prompt, negative = record.prompt, record.negative_prompt
    tags: list[Named] = []
    if record.tool in _TAGGED:
        swarm = record.tool == "swarmui"
        found = list(tags_in(prompt, unet_first=swarm))
        prompt = without_tags(prompt)
        if record.tool in _TAGGED_NEGATIVE:
            found += tags_in(negative, unet_first=swarm)
            negative = without_tags(negative)
        tags = [Named(name=_stem(name), weight=weight) for name, weight in found]
    if record.tool == "swarmui":
        prompt, negative = (_EMBED_TAG.sub(r"embedding:\1", text) for text in (prompt, negative))
    return Ingredients(
        prompt=prompt,
        negative_prompt=negative,
        prompt_style=_STYLES.get(record.tool, "") if prompt or negative else "",
        clip_skip=_clip_skip(record.tool, fields),
        loras=_merged([*tags, *_listed_loras(fields), *_resources(fields, "lora", "locon", "lycoris", "dora")]),
        embeddings=_merged([*_embeddings(record, fields), *_resources(fields, "embed", "textualinversion")]),
        vae=_vae(fields),
        passes=passes_of(record),
    )


def needs(settings: JsonObject) -> tuple[str, ...]:
    """Return which files and settings a picture needs besides noise, prompt and model, a few words each.

    Args:
        settings: The settings of an imported picture.
    """
    model = loose.members(settings.get("model"))
    vae, layer = loose.text(loose.members(model.get("vae")).get("name")), loose.whole(settings.get("clip_skip"))
    found = [f"LoRA {_worded(each)}" for each in loose.items(model.get("loras"))]
    found += [f"textual inversion {_worded(each)}" for each in loose.items(model.get("embeddings"))]
    found += [f"VAE {vae}"] if vae else []
    return (*found, *([f"clip skip {layer}"] if layer else []))


def _worded(entry: Json) -> str:
    members = loose.members(entry)
    weight = loose.real(members.get("weight"))
    return f"{loose.text(members.get('name'))}{'' if weight is None else f' ({weight:g})'}"


def _listed_loras(fields: Mapping[str, Json]) -> Iterator[Named]:
    for name, digest in (*_pairs(fields.get("Lora hashes")), *_hashes(fields, "lora")):
        yield Named(name=name, hash=digest)
    for match in list(_WEIGHT.finditer(loose.text(fields.get("Lora weights"))))[:MAX_ITEMS]:  # Fooocus
        yield Named(name=_stem(match[1]), weight=loose.real(match[2]))
    for number in range(1, 6):  # the extension that came before A1111 could load LoRA files by itself
        model = _ADDNET.fullmatch(loose.text(fields.get(f"AddNet Model {number}")))
        if model:
            weight = loose.real(fields.get(f"AddNet Weight A {number}", fields.get(f"AddNet Weight {number}")))
            yield Named(name=_stem(model[1]), weight=weight, hash=model[2])
    weights = loose.items(fields.get("lora_weights", fields.get("loraweights")))
    listed = loose.items(fields.get("loras")) or loose.items(fields.get("lora"))  # the latter in Draw Things
    for index, value in enumerate(listed[:MAX_ITEMS]):
        weight = loose.real(weights[index]) if index < len(weights) else None
        if named := _named(value, weight):
            yield named
    for number in range(1, 6):  # Fooocus: "name.safetensors : 0.5"
        name, _, weight_text = loose.text(fields.get(f"lora_combined_{number}")).rpartition(" : ")
        if name:
            yield Named(name=_stem(name), weight=loose.real(weight_text))


def _named(value: Json, weight: float | None) -> Named | None:
    """Return a LoRA in the form of one of the tools: a name, [name, weight, hash], or an object (InvokeAI)."""
    if isinstance(value, str):
        return Named(name=_stem(value), weight=weight)
    parts = loose.items(value)
    if parts:
        known = loose.real(parts[1]) if len(parts) > 1 else weight
        return Named(name=_stem(loose.text(parts[0])), weight=known, hash=loose.text(parts[2]) if parts[2:] else "")
    entry = loose.members(value)
    model = loose.members(entry.get("model")) or loose.members(entry.get("lora")) or entry
    names = (loose.text(model.get(key)) for key in ("name", "model_name", "file", "model"))
    name = next(filter(None, names), "")
    known = loose.real(entry.get("weight"))
    return Named(name=_stem(name), weight=weight if known is None else known, hash=loose.text(model.get("hash"))[:80])


def _resources(fields: Mapping[str, Json], *kinds: str) -> Iterator[Named]:
    """Yield what the site Civitai lists of these kinds."""
    for value in loose.items(read_value(loose.text(fields.get("Civitai resources"))))[:MAX_ITEMS]:
        entry = loose.members(value)
        if loose.text(entry.get("type")).casefold() in kinds and loose.text(entry.get("modelName")):
            yield Named(name=loose.text(entry.get("modelName"))[:_MAX_NAME], weight=loose.real(entry.get("weight")))


def _embeddings(record: ForeignRecord, fields: Mapping[str, Json]) -> Iterator[Named]:
    for name, value in (*_pairs(fields.get("TI hashes")), *_hashes(fields, "embed")):
        yield Named(name=name, hash=value)
    forms = {"comfyui": (_EMBEDDING,), "swarmui": (_EMBEDDING, _EMBED_TAG), "invokeai": (_TRIGGER,)}
    for form in forms.get(record.tool, ()):
        for text in (record.prompt, record.negative_prompt):
            for match in islice(form.finditer(text), MAX_ITEMS):
                yield Named(name=_stem(match[1]))


def _hashes(fields: Mapping[str, Json], kind: str) -> Iterator[tuple[str, str]]:
    """Yield name and hash of one kind from the object that an extension of A1111 writes for Civitai."""
    entries = loose.members(read_value(loose.text(fields.get("Hashes"))))
    for key, value in list(entries.items())[:MAX_ITEMS]:
        start, _, name = key.partition(":")
        if start == kind and loose.text(value):
            yield _stem(name), loose.text(value)[:80]


def _clip_skip(tool: str, fields: Mapping[str, Json]) -> int:
    """Return the layer; ComfyUI and SwarmUI count it with a minus, and InvokeAI counts the layers that are left out."""
    own = ("clip_skip", 1, 1 if tool == "invokeai" else 0)
    for name, sign, offset in (("Clip skip", 1, 0), ("CLIP skip", 1, 0), own, ("stop_at_clip_layer", -1, 0)):
        real = loose.real(fields.get(name))
        value = int(real) if real is not None and real.is_integer() else None
        layer = value * sign + offset if value else 0
        if 0 < layer <= 12:
            return layer
    value = loose.whole(fields.get("clipstopatlayer"))
    return abs(value) if value and abs(value) <= 12 else 0


def _vae(fields: Mapping[str, Json]) -> Named | None:
    value = fields.get("VAE", fields.get("vae"))
    model = loose.members(value)
    name = loose.text(value) or loose.text(model.get("name")) or loose.text(model.get("model_name"))
    if not name:  # Forge lists the VAE among the text encoders
        modules = (loose.text(fields.get(f"Module {number}")) for number in range(1, 9))
        name = next((module for module in modules if _VAE_NAME.search(_stem(module))), "")
    if not name or name.casefold() in ("none", "automatic", "default", "default (model)"):
        return None
    return Named(name=_stem(name), hash=(loose.text(fields.get("VAE hash")) or loose.text(model.get("hash")))[:80])


def _pairs(value: Json) -> Iterator[tuple[str, str]]:
    """Yield the pairs of a text such as "ink: 1a2b3c, boat: 4d5e6f"."""
    text = loose.text(value).strip('"')
    for match in list(_PAIR.finditer(text))[:MAX_ITEMS]:
        yield _stem(match[1]), match[2]


def _merged(named: list[Named]) -> tuple[Named, ...]:
    """Return each name once, with whatever any of its entries says; what is switched off is left out."""
    found: dict[str, Named] = {}
    for one in named:
        if one.name and one.name.casefold() != "none":
            key = one.name.casefold()
            known = found.get(key, one)
            weight = one.weight if known.weight is None else known.weight
            found[key] = Named(name=known.name, weight=weight, hash=known.hash or one.hash)
    return tuple(one for one in found.values() if one.weight != 0)[:MAX_ITEMS]  # a weight of 0 is off


def _stem(name: str) -> str:
    """Return the name of a file without folders (of any system) and without the suffix of a weights file."""
    last = PurePosixPath(PureWindowsPath(name.strip()).name).name
    for suffix in (".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".gguf", ".sft"):
        last = last[: -len(suffix)] if last.casefold().endswith(suffix) else last
    return last[:_MAX_NAME]
