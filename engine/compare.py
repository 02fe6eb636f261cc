"""Which recorded conditions differ from this run, and by how much the pixels of two renderings differ.

The same noise, settings, slot, software, device and dtype give the same pixels, bit for bit.  Where one of them
differs, the picture looks the same at best; a check names what differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import InvalidRequestError
from engine.models.find import model_entry
from engine.models.imported import is_import, text_of
from latentpng.record import Json, JsonObject, LatentRecord
from latentpng.text import plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SETTINGS = (
    ("prompt", "prompt"),
    ("negative_prompt", "negative prompt"),
    ("width", "width"),
    ("height", "height"),
    ("steps", "steps"),
    ("guidance", "guidance"),
    ("guidance_rescale", "guidance rescale"),
    ("prompt_style", "prompt style"),
    ("clip_skip", "clip skip"),
    ("step_seed", "seed of the step noise"),
    ("dtype", "dtype"),
    ("slot", "slot in the batch"),
    ("moved_prompt", "moved prompt embeddings"),
)
_SOFTWARE = (
    ("warmer", "warmer"),
    ("torch", "torch"),
    ("diffusers", "diffusers"),
    ("transformers", "transformers"),
    ("torchsde", "torchsde"),
    ("numpy", "numpy"),
    ("device", "device"),
    ("device_name", "device"),
    ("threads", "threads"),
    ("cuda", "CUDA"),
    ("cudnn", "cuDNN"),
    ("tf32", "TF32"),
    ("sdpa", "kernels of torch's attention"),
    ("deterministic", "deterministic kernels"),
)
_ATTENTION = "native"
"""The name that diffusers has for torch's own attention, which files do not record."""
_MISSING = "not recorded"
_OWN_VAE = "of the model"
_OWN_PREDICTION = "of the model"
_UNQUANTISED = "none"
_MAX_WORDS = 400  # characters of one value: a picture may record anything


@dataclass(frozen=True, kw_only=True, slots=True)
class PixelDifference:
    """How far the pixels of two pictures are apart.

    Attributes:
        largest: The largest difference of two values, 0 to 255.
        mean: The mean difference over all values, 0 to 255.
    """

    largest: int
    mean: float


def differing_conditions(
    recorded: LatentRecord, fresh: LatentRecord, *, has_recorded_hash: bool = False
) -> tuple[str, ...]:
    """Return which conditions of two renderings of a picture differ.

    Args:
        recorded: The record in the picture's file.
        fresh: The record of the rendering in this run.
        has_recorded_hash: The model has the hash that the other tool of an import recorded.

    Returns:
        A phrase for each condition, for example "torch 2.13.0 then, 2.12.1 now"; () when all are the same.
    """
    phrases = [] if recorded.node == fresh.node else ["a different initial noise"]
    then, now = model_entry(recorded.settings), fresh.settings.get("model")
    phrases += model_differences(then, now, has_recorded_hash=has_recorded_hash)
    phrases += _scheduler(recorded.settings.get("scheduler"), fresh.settings.get("scheduler"))
    phrases += _compare(recorded.settings, fresh.settings, _SETTINGS)
    phrases += _compare(recorded.software, fresh.software, _SOFTWARE)
    attention = [record.software.get("attention", _ATTENTION) for record in (recorded, fresh)]
    if attention[0] != attention[1]:
        phrases.append(f"attention {_words(attention[0])} then, {_words(attention[1])} now")
    compiled = [bool(record.software.get("compiled")) for record in (recorded, fresh)]
    if compiled[0] != compiled[1]:
        phrases.append("compiled then, not now" if compiled[0] else "not compiled then, compiled now")
    return tuple(dict.fromkeys(phrases))


def model_differences(then: Json, now: Json, *, has_recorded_hash: bool = False) -> tuple[str, ...]:
    """Return which parts of two models differ.

    Args:
        then: The model that a file records (`engine.models.find.model_entry`).
        now: The model that is used in this run (`engine.models.find.model_identity`).
        has_recorded_hash: The model has the hash that the other tool of an import recorded.

    Returns:
        A phrase for the weights, the VAE, the LoRA files, the textual inversions, the prediction and the quantisation,
        where they differ.
    """
    one, other = _entries(then), _entries(now)
    phrases = []
    if one.get("fingerprint") != other.get("fingerprint") and not has_recorded_hash:
        phrases.append(f"model {_words(one.get('name'))} then, {_words(other.get('name'))} now ({_why_model(one)})")
    if is_import(then):  # its parts have no fingerprints: `engine.models.imported` says which of them are missing
        return tuple(phrases)
    vaes = _entries(one.get("vae")), _entries(other.get("vae"))
    if vaes[0].get("fingerprint") != vaes[1].get("fingerprint"):
        phrases.append(f"VAE {_vae_name(vaes[0])} then, {_vae_name(vaes[1])} now")
    if _loras(one) != _loras(other):
        phrases.append(f"LoRA {_lora_words(one)} then, {_lora_words(other)} now")
    predicted = [str(model.get("prediction", _OWN_PREDICTION)) for model in (one, other)]
    if predicted[0] != predicted[1]:
        phrases.append(f"prediction {predicted[0]} then, {predicted[1]} now")
    inversions = [_inversions(model) for model in (one, other)]
    if inversions[0] != inversions[1]:
        names = [" and ".join(_words(name) for _, name in found) or "none" for found in inversions]
        phrases.append(f"textual inversions {names[0]} then, {names[1]} now")
    quantised = [str(model.get("quantised", _UNQUANTISED)) for model in (one, other)]
    if quantised[0] != quantised[1]:
        phrases.append(f"quantisation {quantised[0]} then, {quantised[1]} now")
    return tuple(phrases)


def _why_model(then: JsonObject) -> str:
    """Return in what respect the weights differ from those that a file records."""
    if then.get("fingerprint"):
        return "the weights differ"
    digest = text_of(then, "hash")
    return f"its hash was {plain(digest, 20)}" if digest else "the file does not record which weights"


def prompt_notice(recorded: LatentRecord) -> str:
    """Return a sentence when the rounds move the prompt but the picture was rendered without that; "" otherwise."""
    if not recorded.lineage.moves_prompt or recorded.settings.get("moved_prompt"):
        return ""
    return (
        "its rounds move the prompt, but the program that rendered it could not do that: "
        "rendering it again gives a different picture"
    )


def compare_pixels(recorded: NDArray[np.uint8] | bytes, fresh: NDArray[np.uint8] | bytes) -> PixelDifference:
    """Return how far the pixels of two pictures are apart.

    Args:
        recorded: uint8 values, in any shape, or their bytes.
        fresh: As many values.

    Raises:
        InvalidRequestError: The numbers of values differ.
    """
    one, other = _flat(recorded), _flat(fresh)
    if one.size != other.size:
        raise InvalidRequestError(f"pictures of different sizes cannot be compared: {one.size} and {other.size} values")
    apart = abs(one - other)
    return PixelDifference(largest=int(apart.max(initial=0)), mean=float(apart.mean()) if apart.size else 0.0)


def _flat(pixels: NDArray[np.uint8] | bytes) -> NDArray[np.int16]:
    import numpy as np  # here, since opening a picture needs the rest of this module before the first paint

    values = np.frombuffer(pixels, dtype=np.uint8) if isinstance(pixels, bytes) else pixels.reshape(-1)
    return values.astype(np.int16)


def _compare(then: JsonObject, now: JsonObject, names: tuple[tuple[str, str], ...]) -> list[str]:
    return [
        f"{label} {_words(then.get(name))} then, {_words(now.get(name))} now"
        for name, label in names
        if _plain(then.get(name)) != _plain(now.get(name))
    ]


def _vae_name(vae: JsonObject) -> str:
    return _words(vae["name"]) if "name" in vae else _OWN_VAE


def _loras(model: JsonObject) -> list[tuple[Json, Json]]:
    return [(lora.get("sha256"), lora.get("weight")) for lora in _lora_entries(model)]


def _lora_words(model: JsonObject) -> str:
    words = [f"{_words(lora.get('name'))} at {_words(lora.get('weight'))}" for lora in _lora_entries(model)]
    return " and ".join(words) or "none"


def _inversions(model: JsonObject) -> list[tuple[Json, Json]]:
    found = model.get("embeddings")
    entries = [_entries(entry) for entry in found] if isinstance(found, list | tuple) else []
    return [(entry.get("sha256"), entry.get("name")) for entry in entries]


def _lora_entries(model: JsonObject) -> list[JsonObject]:
    loras = model.get("loras")
    return [_entries(lora) for lora in loras] if isinstance(loras, list | tuple) else []


def _scheduler(then: Json, now: Json) -> list[str]:
    one, other = _entries(then), _entries(now)
    if one == other:
        return []
    return [f"scheduler {_scheduler_words(one)} then, {_scheduler_words(other)} now"]


def _scheduler_words(entries: JsonObject) -> str:
    options = ", ".join(f"{name}={value}" for name, value in sorted(_entries(entries.get("options")).items()))
    name = str(entries.get("name") or "of the model").removesuffix("Scheduler")
    eta = f", eta {entries['eta']}" if entries.get("eta") else ""
    return plain(f"{name}{f' ({options})' if options else ''}{eta}", _MAX_WORDS)


def _entries(value: Json) -> JsonObject:
    return value if isinstance(value, Mapping) else {}


def _plain(value: Json) -> Json:
    """Return a list for a tuple: a record that was read has lists where a fresh one has tuples."""
    return list(value) if isinstance(value, tuple) else value


def _words(value: Json) -> str:
    if value is None:
        return _MISSING
    if isinstance(value, list | tuple) and len(value) == 2:
        return f"{value[1]} of {value[0]}"
    text = plain(str(value), _MAX_WORDS)
    return repr(text) if isinstance(value, str) and " " in value else text
