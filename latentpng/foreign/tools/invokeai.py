"""InvokeAI: `invokeai_metadata` since version 3, `sd-metadata` and `Dream` before.

A picture that was saved without its metadata still has the graph of its nodes, one of which contains the metadata.
Versions 1 and 2 drew on the GPU if there was one, and do not write where; later versions write `rand_device`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.noise.latents import Latent, latent_of_model
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import loose
from latentpng.foreign.tools.loosejson import read_object
from latentpng.record import Json, JsonObject

MAX_VARIATIONS = 64
MAX_SWITCHES = 256
MAX_BRACKETS = 1024
_GRAPHS = ("invokeai_graph", "invokeai_workflow")
_METADATA_NODE = "core_metadata"
_USUAL = Latent(channels=4, factor=8)
_SERVICES = re.compile(r"chatgpt|gpt-|imagen|gemini|flux-kontext|veo|runway|dall", re.IGNORECASE)
"""How the families of models begin that InvokeAI asks a service for; its own Kontext is of the family "flux"."""
_RANDOMNESS = {"cpu": "cpu", "cuda": "gpu"}
_USED = (
    "app_version",
    "cfg_scale",
    "height",
    "model",
    "negative_prompt",
    "positive_prompt",
    "scheduler",
    "seed",
    "steps",
    "width",
)
_USED_BEFORE = ("cfg_scale", "height", "prompt", "sampler", "seed", "steps", "variations", "width")
_QUOTED = re.compile(r'"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
_SWITCHES_START = re.compile(r"\s-s ?[0-9]")
_SWITCH = re.compile(r"(?<!\S)-([sSWHCAV]) ?([^\s-]\S*)")


def read(texts: Texts) -> ForeignRecord | None:
    """Return the record of the newest form that the file has; None when it has none."""
    entries = read_object(texts.get("invokeai_metadata", ""))
    if entries:
        return _record_of(entries)
    entries = read_object(texts.get("sd-metadata", ""))
    if entries:
        return _record_of_2(entries)
    if texts.get("Dream"):
        return _record_of_dream(texts["Dream"])
    graph = next(filter(None, (read_object(texts.get(keyword, "")) for keyword in _GRAPHS)), None)
    return None if graph is None else _record_of(_metadata_node(graph))


def _metadata_node(graph: JsonObject) -> JsonObject:
    """Return the inputs of the node that collects the metadata; {} when the graph has none."""
    nodes = loose.members(graph.get("nodes"))
    return next((node for node in map(loose.members, nodes.values()) if node.get("type") == _METADATA_NODE), {})


def _record_of(entries: JsonObject) -> ForeignRecord:
    cfg = loose.real(entries.get("cfg_scale"))
    guided = () if "cfg_scale" in entries else ("guidance",)
    model = loose.members(entries.get("model"))
    device = loose.text(entries.get("rand_device"))
    name = loose.text(model.get("name")) or loose.text(model.get("model_name")) or loose.text(entries.get("model"))
    base = loose.text(model.get("base")) or loose.text(model.get("base_model"))
    return ForeignRecord(
        tool="invokeai",
        version=loose.text(entries.get("app_version")),
        prompt=loose.text(entries.get("positive_prompt")),
        negative_prompt=loose.text(entries.get("negative_prompt")),
        seed=loose.whole(entries.get("seed")),
        width=loose.count(entries.get("width")),
        height=loose.count(entries.get("height")),
        num_inference_steps=loose.count(entries.get("steps")),
        scheduler=loose.text(entries.get("scheduler")),
        guidance_scale=loose.real(entries.get("guidance")) if guided else cfg,
        model=name,
        model_hash=loose.text(model.get("hash")),
        randomness=_RANDOMNESS.get(device, ""),
        channels=_channels(base, name),
        unknown_noise=_closed(base),
        extra=loose.rest(entries, [*_USED, *guided, *(["rand_device"] if device in _RANDOMNESS else [])]),
    )


def _channels(base: str, name: str) -> int:
    """Return the channels of the noise by the family of a model, where its name suggests others; 0 otherwise."""
    known = latent_of_model(base)
    return known.channels if known and known != (latent_of_model(name) or _USUAL) else 0


def _closed(base: str) -> str:
    """Return why the noise cannot be rebuilt, as a clause; "" unless a service made the picture."""
    is_closed = _SERVICES.match(base) is not None
    return f"InvokeAI had it made by {base}, which does not publish how it draws its noise" if is_closed else ""


def _record_of_2(entries: JsonObject) -> ForeignRecord:
    images = loose.items(entries.get("images"))
    image = loose.members(entries.get("image") or (images[0] if images else None))
    prompt, negative = _split(_joined(image.get("prompt")))
    return ForeignRecord(
        tool="invokeai",
        version=loose.text(entries.get("app_version")),
        prompt=prompt,
        negative_prompt=negative,
        seed=loose.whole(image.get("seed")),
        variations=_variations(image.get("variations")),
        width=loose.count(image.get("width")),
        height=loose.count(image.get("height")),
        num_inference_steps=loose.count(image.get("steps")),
        sampler=loose.text(image.get("sampler")),
        guidance_scale=loose.real(image.get("cfg_scale")),
        model=loose.text(entries.get("model_weights")) or loose.text(entries.get("model_id")),
        model_hash=loose.text(entries.get("model_hash")),
        extra=(("keyword", "sd-metadata"), *loose.rest(image, _USED_BEFORE)),
    )


def _record_of_dream(text: str) -> ForeignRecord:
    """Return the record of a `Dream` line, which is a prompt and switches as the user typed them."""
    prompt, switches = _prompt_and_switches(text)
    prompt, negative = _split(prompt)
    found = {match[1]: match[2] for match in islice(_SWITCH.finditer(switches), MAX_SWITCHES)}
    pairs: list[Json] = [
        {"seed": seed, "weight": weight}
        for seed, _, weight in (pair.partition(":") for pair in found.get("V", "").split(",", MAX_VARIATIONS))
    ]
    return ForeignRecord(
        tool="invokeai",
        prompt=prompt,
        negative_prompt=negative,
        seed=loose.whole(found.get("S")),
        variations=_variations(pairs),
        width=loose.count(found.get("W")),
        height=loose.count(found.get("H")),
        num_inference_steps=loose.count(found.get("s")),
        sampler=found.get("A", ""),
        guidance_scale=loose.real(found.get("C")),
        extra=(("keyword", "Dream"),),
    )


def _prompt_and_switches(text: str) -> tuple[str, str]:
    """Split a line into prompt and switches: old versions quote the prompt, later ones put ` -s STEPS` behind it."""
    quoted = _QUOTED.match(text)
    if quoted:
        return quoted[1].replace('\\"', '"'), text[quoted.end() :]
    start = _last_start(text)
    return (text.strip(), "") if start < 0 else (text[:start].strip(), text[start:])


def _last_start(text: str) -> int:
    """Return the index of the last ` -s 20`; -1 when it is not among the last `MAX_SWITCHES` of `-s`."""
    end = len(text)
    for _ in range(MAX_SWITCHES):
        end = text.rfind("-s", 0, end)
        if end < 1:
            return -1
        if _SWITCHES_START.match(text, end - 1):
            return end - 1
    return -1


def _joined(prompt: Json) -> str:
    """Return a prompt, which is a text or a list of parts with weights, as one text."""
    if isinstance(prompt, str):
        return prompt
    parts = [loose.members(part) for part in loose.items(prompt)]
    if len(parts) == 1:
        return loose.text(parts[0].get("prompt"))
    return ",".join(f"{loose.text(part.get('prompt'))}:{loose.real(part.get('weight')) or 0.0:g}" for part in parts)


def _split(prompt: str) -> tuple[str, str]:
    """Split a prompt from its negative prompt, which stands in brackets; only `MAX_BRACKETS` are read."""
    *closed, rest = prompt.split("]", MAX_BRACKETS)
    outside, inside = [], []
    for part in closed:
        before, opening, within = part.rpartition("[")
        outside.append(before if opening else f"{part}]")
        inside.append(within.strip() if opening else "")
    return "".join((*outside, rest)).strip(), " ".join(filter(None, inside))


def _variations(values: Json) -> tuple[tuple[int, float], ...]:
    pairs = []
    for value in loose.items(values)[:MAX_VARIATIONS]:
        entry: Mapping[str, Json] = loose.members(value)
        seed, weight = loose.whole(entry.get("seed")), loose.real(entry.get("weight"))
        if seed is not None and weight is not None:
            pairs.append((seed, weight))
    return tuple(pairs)
