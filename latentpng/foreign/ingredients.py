"""What else made another tool's picture: clip skip, LoRA files, textual inversions, a VAE, further passes.

All of it comes from the fields that a tool's reader found.  Nothing here reads files, and a field of the wrong form
counts as absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from types import MappingProxyType

from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import loose
from latentpng.foreign.tools.loosejson import read_value
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
_TAG = re.compile(r"<(?:lora|lyco):([^<>:]{1,200})(?::([^<>]{0,80}))?>", re.IGNORECASE)
_PAIR = re.compile(r"\s*([^,:]{1,200}?)\s*:\s*([0-9A-Za-z]{4,80})\s*(?:,|$)")
_EMBEDDING = re.compile(r"\bembedding:([\w.\-/\\]{1,200})")
_ADDNET = re.compile(r"(.{1,200}?)\(([0-9a-f]{4,80})\)")
_PASSES: tuple[tuple[str, str], ...] = (
    ("hires", r"Hires |hires_|hrf_|First pass|First_stage"),
    ("refiner", r"Refiner|refiner"),
    ("detailer", r"ADetailer|Detailer|detailer"),
    ("controlnet", r"ControlNet|controlnets|controls|t2iAdapters"),
    ("image prompt", r"ipAdapters|IP-?Adapter"),
    ("hypernetwork", r"Hypernet"),
    ("upscale", r"Postprocess upscale|SD upscale|Ultimate SD upscale"),
    ("regions", r"RP Active|Tiled Diffusion|regional"),
)
"""What a single pass from the initial noise does not do: (its kind, how the fields that tell it begin)."""
_OFF = (None, "", False, 0, "None", "none", "False", "false", "0", "Disabled")


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
        tags += _tags(prompt)
        prompt = _TAG.sub("", prompt).strip()
    if record.tool in _TAGGED_NEGATIVE:
        tags += _tags(negative)
        negative = _TAG.sub("", negative).strip()
    return Ingredients(
        prompt=prompt,
        negative_prompt=negative,
        prompt_style=_STYLES.get(record.tool, "") if prompt or negative else "",
        clip_skip=_clip_skip(fields),
        loras=_merged([*tags, *_listed_loras(fields), *_resources(fields, "lora", "locon", "lycoris")]),
        embeddings=_merged([*_embeddings(record, fields), *_resources(fields, "embed", "textualinversion")]),
        vae=_vae(fields),
        passes=_passes(fields),
    )


def needs(settings: JsonObject) -> tuple[str, ...]:
    """Return what a picture needs besides noise, prompt and model, a few words each.

    Args:
        settings: The settings of an imported picture.
    """
    model = loose.members(settings.get("model"))
    vae, layer = loose.text(loose.members(model.get("vae")).get("name")), loose.whole(settings.get("clip_skip"))
    found = [f"LoRA {_worded(each)}" for each in loose.items(model.get("loras"))]
    found += [f"textual inversion {_worded(each)}" for each in loose.items(model.get("embeddings"))]
    found += [f"VAE {vae}"] if vae else []
    found += [f"clip skip {layer}"] if layer else []
    return (*found, *(_pass_worded(loose.members(each)) for each in loose.items(settings.get("passes"))))


def _worded(entry: Json) -> str:
    members = loose.members(entry)
    weight = loose.real(members.get("weight"))
    return f"{loose.text(members.get('name'))}{'' if weight is None else f' ({weight:g})'}"


def _pass_worded(told: JsonObject) -> str:
    facts = ", ".join(f"{name} {loose.text(value) or value}" for name, value in told.items() if name != "kind")
    return f"{loose.text(told.get('kind'))} pass ({facts})" if facts else f"{loose.text(told.get('kind'))} pass"


def _tags(text: str) -> Iterator[Named]:
    for match in list(_TAG.finditer(text))[:MAX_ITEMS]:
        first = (match[2] or "").split(":")[0]
        yield Named(name=_stem(match[1]), weight=1.0 if match[2] is None else loose.real(first))


def _listed_loras(fields: Mapping[str, Json]) -> Iterator[Named]:
    for name, digest in _pairs(fields.get("Lora hashes")):
        yield Named(name=name, hash=digest)
    for number in range(1, 6):  # the extension that came before A1111 could load LoRA files by itself
        model = _ADDNET.fullmatch(loose.text(fields.get(f"AddNet Model {number}")))
        if model:
            weight = loose.real(fields.get(f"AddNet Weight A {number}", fields.get(f"AddNet Weight {number}")))
            yield Named(name=_stem(model[1]), weight=weight, hash=model[2])
    weights = loose.items(fields.get("lora_weights", fields.get("loraweights")))
    for index, value in enumerate(loose.items(fields.get("loras"))[:MAX_ITEMS]):
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
    name = loose.text(model.get("name")) or loose.text(model.get("model_name")) or loose.text(model.get("file"))
    known = loose.real(entry.get("weight"))
    return Named(name=_stem(name), weight=weight if known is None else known, hash=loose.text(model.get("hash"))[:80])


def _resources(fields: Mapping[str, Json], *kinds: str) -> Iterator[Named]:
    """Yield what the site Civitai lists of these kinds."""
    for value in loose.items(read_value(loose.text(fields.get("Civitai resources"))))[:MAX_ITEMS]:
        entry = loose.members(value)
        if loose.text(entry.get("type")).casefold() in kinds and loose.text(entry.get("modelName")):
            yield Named(name=loose.text(entry.get("modelName"))[:_MAX_NAME], weight=loose.real(entry.get("weight")))


def _embeddings(record: ForeignRecord, fields: Mapping[str, Json]) -> Iterator[Named]:
    for name, value in _pairs(fields.get("TI hashes")):
        yield Named(name=name, hash=value)
    if _STYLES.get(record.tool) == "comfyui":
        for text in (record.prompt, record.negative_prompt):
            for match in list(_EMBEDDING.finditer(text))[:MAX_ITEMS]:
                yield Named(name=_stem(match[1]))


def _clip_skip(fields: Mapping[str, Json]) -> int:
    """Return the layer; ComfyUI and SwarmUI count it with a minus, and InvokeAI counts the layers that are left out."""
    for name, sign, offset in (("Clip skip", 1, 0), ("clip_skip", 1, 1), ("stop_at_clip_layer", -1, 0)):
        value = loose.whole(fields.get(name))
        layer = value * sign + offset if value else 0
        if 0 < layer <= 12:
            return layer
    value = loose.whole(fields.get("clipstopatlayer"))
    return abs(value) if value and abs(value) <= 12 else 0


def _vae(fields: Mapping[str, Json]) -> Named | None:
    value = fields.get("VAE", fields.get("vae"))
    model = loose.members(value)
    name = loose.text(value) or loose.text(model.get("name")) or loose.text(model.get("model_name"))
    if not name or name.casefold() in ("none", "automatic", "default", "default (model)"):
        return None
    return Named(name=_stem(name), hash=(loose.text(fields.get("VAE hash")) or loose.text(model.get("hash")))[:80])


def _passes(fields: Mapping[str, Json]) -> tuple[JsonObject, ...]:
    found: list[JsonObject] = []
    for kind, start in _PASSES:
        told: dict[str, Json] = {
            name: value for name, value in fields.items() if re.match(start, name) and value not in _OFF
        }
        if kind == "hires" and told and "Denoising strength" in fields:
            told["Denoising strength"] = fields["Denoising strength"]
        if told and not _is_off(fields, kind):
            found.append({"kind": kind, **dict(list(told.items())[:MAX_ITEMS])})
    if "Denoising strength" in fields and not any(each["kind"] == "hires" for each in found):
        found.append({"kind": "img2img", "Denoising strength": fields["Denoising strength"]})
    found += [loose.members(value) for value in loose.items(fields.get("passes"))[:MAX_ITEMS]]
    return tuple(found)


def _is_off(fields: Mapping[str, Json], kind: str) -> bool:
    """Return whether a switch says that a kind of pass was not used, whatever its other fields are."""
    switches = {"hires": ("hrf_enabled", "hires_fix"), "refiner": ("refiner_model",)}.get(kind, ())
    return any(name in fields and fields[name] in _OFF for name in switches)


def _pairs(value: Json) -> Iterator[tuple[str, str]]:
    """Yield the pairs of a text such as "ink: 1a2b3c, boat: 4d5e6f"."""
    text = loose.text(value).strip('"')
    for match in list(_PAIR.finditer(text))[:MAX_ITEMS]:
        yield _stem(match[1]), match[2]


def _merged(named: list[Named]) -> tuple[Named, ...]:
    """Return each name once, with whatever any of its entries says."""
    found: dict[str, Named] = {}
    for one in named:
        if one.name:
            key = one.name.casefold()
            known = found.get(key, one)
            weight = one.weight if known.weight is None else known.weight
            found[key] = Named(name=known.name, weight=weight, hash=known.hash or one.hash)
    return tuple(found.values())[:MAX_ITEMS]


def _stem(name: str) -> str:
    """Return the name of a file without folders (of any system) and without the suffix of a weights file."""
    last = PurePosixPath(PureWindowsPath(name.strip()).name).name
    for suffix in (".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".gguf", ".sft"):
        last = last[: -len(suffix)] if last.casefold().endswith(suffix) else last
    return last[:_MAX_NAME]
