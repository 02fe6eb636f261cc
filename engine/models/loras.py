"""From what the user typed for a LoRA to a checked choice; every mistake is one sentence.  No torch."""

from __future__ import annotations

import math
import re
from pathlib import Path

from engine.errors import ModelError
from engine.models.contents import Kind, contents_of
from engine.models.library import Shelf, find_by_name, not_found
from engine.models.weights import WeightFile, check_weights_suffix, located, read_weights, typed_path
from engine.paths import is_file, is_folder, is_there
from engine.rendering.requests import LoraChoice

MAX_LORA_WEIGHT = 100.0

_UNREAD = {
    "oft_": "OFT",
    "boft_": "BOFT",
    ".glora": "GLoRA",
    ".a1.weight": "GLoRA",
    ".on_input": "IA3",
}
"""Parts of tensor names that tell adapters that are not read."""
_MERGED = re.compile(r"\.(hada_w[12]_[ab]|lokr_w[12](_[ab])?|diff|diff_b|w_norm|b_norm|lora_mid\.weight)$")
"""Tensors of adapters that are added to the weights, because diffusers does not read them."""
_COMMA = re.compile(r"[-+]?\d*,\d+")


def resolve_lora(text: str) -> LoraChoice:
    """Return the LoRA that `--lora` means.

    Args:
        text: FILE or NAME, or one of them and :WEIGHT.

    Raises:
        ModelError: There is no such file, it holds no LoRA, LoHa or LoKr, or the weight is out of range.
    """
    name, weight = _split_weight(text)
    path = typed_path(name)
    if not is_there(path):
        path = find_by_name(Shelf.LORAS, name) or path
    if is_folder(path):
        raise ModelError(f"--lora needs a .safetensors file: {name!r} is a folder")
    if not is_file(path):
        raise ModelError(f"--lora needs a .safetensors file: there is no file {name!r}{not_found(Shelf.LORAS, name)}")
    check_weights_suffix(path, "a LoRA is such a file")
    _check_adapter(path)
    return LoraChoice(path=str(located(path)), weight=weight)


def needs_merging(file: WeightFile) -> bool:
    """Return whether an adapter has to be added to the weights of a model: LoHa, LoKr, and whole differences."""
    return any(_MERGED.search(name) for name in file.tensors)


def _check_adapter(path: Path) -> None:
    """Refuse files that hold no LoRA, LoHa or LoKr, in words that say what they hold.

    Raises:
        ModelError: The file holds something else.
    """
    file = read_weights(path)
    unread = next((name for part, name in _UNREAD.items() if any(part in each for each in file.tensors)), "")
    if unread:
        raise ModelError(f"{path.name} is an adapter of the kind {unread}, which is not read: LoRA, LoHa and LoKr are")
    if needs_merging(file) and any(name.endswith("dora_scale") for name in file.tensors):
        raise ModelError(f"{path.name} is a DoRA of LyCORIS, which is not read: LoRA, LoHa and LoKr are")
    kind = contents_of(file).kind
    if kind is Kind.EMBEDDING:
        raise ModelError(
            f"{path.name} is a textual inversion, not a LoRA: leave it out, and write its name in the prompt"
        )
    if needs_merging(file) or any("lora" in name.casefold() for name in file.tensors):
        return
    if kind is Kind.OTHER:
        raise ModelError(f"{path.name} holds no LoRA: none of its tensors is named like one")
    raise ModelError(f"{path.name} is {'an' if kind.value[0] in 'aeiou' else 'a'} {kind.value}, not a LoRA")


def _split_weight(text: str) -> tuple[str, float]:
    name, colon, number = text.rpartition(":")
    if not colon or is_there(typed_path(text)) or "/" in number or "\\" in number:
        return text, 1.0
    number = number.strip()
    if _COMMA.fullmatch(number):
        raise ModelError(
            f"the weight of a LoRA has a point, not a comma: write {number.replace(',', '.')} for {number!r}"
        )
    try:
        weight = float(number)
    except ValueError:
        if Path(name).suffix != ".safetensors" and not is_there(typed_path(name)):
            return text, 1.0
        raise ModelError(
            f"the weight of a LoRA is a number from -100 to 100, found {number!r} after {Path(name).name!r}"
        ) from None
    if not math.isfinite(weight) or abs(weight) > MAX_LORA_WEIGHT:
        raise ModelError(f"the weight of a LoRA is a number from -100 to 100, found {number!r}")
    return name, weight
