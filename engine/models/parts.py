"""Where the weights of each component of a pipeline are: in a single file, or in files of their own.  No torch.

ComfyUI users hold the parts of a model in separate files: the diffusion model, its text encoders, its VAE.  Headers and
the pipeline's configuration, never names, tell which file serves which component.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import ModelError
from engine.models.contents import DENOISER_PREFIXES, TEXT_PREFIXES, VAE_PREFIXES, Kind, contents_of
from engine.models.encoders import Encoder, encoders_in, needed_encoder
from engine.models.weights import GGUF_SUFFIX, WeightFile

DENOISERS = ("transformer", "unet")
_NOT_DENOISER = (*VAE_PREFIXES, *TEXT_PREFIXES)
SCALES = (".scale_weight", ".weight_scale", ".weight_scale_inv")
"""Ends of the names of scales beside fp8 weights: those of ComfyUI until 2025, those since then, those of blocks."""
_OPTIONAL: Mapping[str, str] = {"StableDiffusion3Pipeline": "text_encoder_3"}
"""Text encoders that a pipeline can do without."""
_UNREADABLE = (
    (".weight_scale_2", "as NVFP4"),
    (".quant_state.bitsandbytes__nf4", "as NF4 (bitsandbytes)"),
    (".quant_state.bitsandbytes__fp4", "as FP4 (bitsandbytes)"),
    (".absmax", "by bitsandbytes"),
    (".qweight", "in 4 bits (Nunchaku, GPTQ or AWQ)"),
)
"""Ends of the names of tensors in files whose weights are packed, and how."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """The weights of one component.

    Attributes:
        component: Its name in the pipeline, for example "text_encoder_2".
        file: The file that holds them.
        prefix: What the names of its tensors begin with in that file; "" for all names that belong to no other
            component.
    """

    component: str
    file: WeightFile
    prefix: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its tensors in the file."""
        if self.prefix:
            return tuple(name for name in self.file.tensors if name.startswith(self.prefix))
        return tuple(name for name in self.file.tensors if not name.startswith(_NOT_DENOISER))

    @property
    def parameter_count(self) -> int:
        """The number of values in its tensors."""
        return sum(math.prod(self.file.tensors[name]) for name in self.names)

    @property
    def is_kept_quantised(self) -> bool:
        """Whether its weights stay as they are stored, and are expanded layer by layer while it computes."""
        return self.file.path.suffix == GGUF_SUFFIX and self.component in DENOISERS

    @property
    def stored_bytes(self) -> int:
        """The size of its file."""
        return self.file.path.stat().st_size


def parts_of(
    checkpoint: WeightFile, index: Mapping[str, Any], folder: Path, text_encoders: tuple[WeightFile, ...] = ()
) -> dict[str, Part]:
    """Return where the weights of each component are, as far as these files hold them.

    Args:
        checkpoint: The single file.
        index: The pipeline's model_index.json.
        folder: The diffusers folder with the pipeline's configuration.
        text_encoders: Files of text encoders; they take the place of those that the checkpoint holds.

    Raises:
        ModelError: A file holds no text encoder, or one that the pipeline does not use, or the same as another file;
            or a file stores its weights in a way that cannot be read.
    """
    for file in (checkpoint, *text_encoders):
        _refuse_unreadable(file)
    needed = needed_encoders(index, folder)
    held = (Part(component="", file=checkpoint, prefix=prefix) for prefix in encoders_in(checkpoint))
    parts = _matched(needed, held) | _given(needed, text_encoders, checkpoint.path.name)
    if prefix := _first_prefix(checkpoint, VAE_PREFIXES):
        parts["vae"] = Part(component="vae", file=checkpoint, prefix=prefix)
    denoiser = next((name for name in DENOISERS if _is_used(index, name)), None)
    own = Part(component=denoiser or "", file=checkpoint, prefix=_first_prefix(checkpoint, DENOISER_PREFIXES))
    if denoiser == "unet" and own.is_kept_quantised:
        raise ModelError(
            f"{checkpoint.path.name} is a GGUF file of a UNet, which cannot be loaded: get the .safetensors version"
        )
    return {**parts, denoiser: own} if denoiser and own.names else parts


def vae_part(file: WeightFile) -> Part:
    """Return the VAE of a file that holds one, alone or among other parts."""
    return Part(component="vae", file=file, prefix=_first_prefix(file, VAE_PREFIXES))


def lacking_parts(index: Mapping[str, Any], folder: Path, parts: Mapping[str, Part]) -> list[Path]:
    """Return the folders of the text encoders and the VAE that no weights file holds.

    A text encoder that the pipeline can do without is only among them if its folder has weights.

    Args:
        index: The pipeline's model_index.json.
        folder: The diffusers folder with the pipeline's configuration.
        parts: Where the weights of the others are.
    """
    names = sorted(name for name in index if name == "vae" or name.startswith("text_encoder"))
    pipeline = str(index.get("_class_name"))
    return [
        folder / name
        for name in names
        if _is_used(index, name)
        and name not in parts
        and not (is_optional(pipeline, name) and not any((folder / name).glob("*.safetensors")))
    ]


def needed_encoders(index: Mapping[str, Any], folder: Path) -> dict[str, Encoder]:
    """Return the text encoders that a pipeline uses, by component, as far as their architectures are known."""
    names = sorted(name for name in index if name.startswith("text_encoder") and _is_used(index, name))
    found = {name: needed_encoder(folder / name) for name in names}
    return {name: encoder for name, encoder in found.items() if encoder is not None}


def is_optional(pipeline: str, component: str) -> bool:
    """Return whether a pipeline renders without a component."""
    return _OPTIONAL.get(pipeline) == component


def missing_encoder(checkpoint: str, encoder: Encoder, searched: str = "") -> str:
    """Return the sentence for a text encoder that is nowhere.

    Args:
        checkpoint: The name of the single file.
        encoder: What is needed.
        searched: Where it was searched for, in words; "" if nowhere.
    """
    where = f", and there is none in {searched}" if searched else ""
    return (
        f"{checkpoint} needs the text encoder {encoder.name}, which it does not hold{where}: "
        f"give its file with --text-encoder{encoder.example}"
    )


def _given(needed: Mapping[str, Encoder], files: tuple[WeightFile, ...], checkpoint: str) -> dict[str, Part]:
    parts: dict[str, Part] = {}
    for file in files:
        found = encoders_in(file)
        if not found:
            kind = contents_of(file).kind
            what = "no text encoder" if kind in (Kind.CHECKPOINT, Kind.OTHER, Kind.TEXT_ENCODER) else f"a {kind}"
            raise ModelError(f"--text-encoder needs the file of a text encoder: {file.path.name} holds {what}")
        left = {name: encoder for name, encoder in needed.items() if name not in parts}
        matched = _matched(left, (Part(component="", file=file, prefix=prefix) for prefix in found))
        if not matched:
            raise ModelError(_why_unused(file, found.values(), needed, parts, checkpoint))
        parts |= matched
    return parts


def _matched(needed: Mapping[str, Encoder], parts: Iterable[Part]) -> dict[str, Part]:
    """Return the parts by the component that each serves; each part serves one, the first one that is left."""
    matched: dict[str, Part] = {}
    for part in parts:
        encoder = encoders_in(part.file)[part.prefix]
        name = next((name for name, one in needed.items() if name not in matched and encoder.serves(one)), None)
        if name is not None:
            matched[name] = Part(component=name, file=part.file, prefix=part.prefix)
    return matched


def _why_unused(
    file: WeightFile,
    found: Iterable[Encoder],
    needed: Mapping[str, Encoder],
    parts: Mapping[str, Part],
    checkpoint: str,
) -> str:
    for encoder in found:
        twice = next((parts[name] for name, one in needed.items() if name in parts and encoder.serves(one)), None)
        if twice is not None:
            return (
                f"{twice.file.path.name} and {file.path.name} both hold the text encoder {encoder.name}, of which "
                f"{checkpoint} needs one: leave one of them out"
            )
    names = " and ".join(encoder.name for encoder in found)
    wanted = " and ".join(dict.fromkeys(encoder.name for encoder in needed.values())) or "none that is known here"
    return f"{file.path.name} holds the text encoder {names}, but {checkpoint} needs {wanted}: leave it out"


def _refuse_unreadable(file: WeightFile) -> None:
    for end, how in _UNREADABLE:
        if any(name.endswith(end) for name in file.tensors):
            raise ModelError(
                f"{file.path.name} stores its weights {how}, which cannot be read here: get the bf16, fp16, fp8 or "
                "GGUF version of this file"
            )


def _first_prefix(file: WeightFile, prefixes: tuple[str, ...]) -> str:
    return next((prefix for prefix in prefixes if any(name.startswith(prefix) for name in file.tensors)), "")


def _is_used(index: Mapping[str, Any], name: str) -> bool:
    entry = index.get(name)
    return isinstance(entry, list) and len(entry) == 2 and all(entry)
