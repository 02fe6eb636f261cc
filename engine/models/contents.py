"""What a weights file holds, told from the names and shapes of its tensors alone.  No torch.

Libraries take whatever they do not recognise for a Stable Diffusion 1 checkpoint, and fail later with errors that name
neither the file nor the mistake.  `engine.models.denoisers` tells the families of denoisers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from engine.models.denoisers import Shapes, denoiser_of
from engine.models.encoders import encoders_in
from engine.models.weights import WeightFile


class Kind(StrEnum):
    """What a weights file is used for, in the words of messages."""

    CHECKPOINT = "checkpoint"
    DENOISER = "diffusion model without text encoders"
    VAE = "VAE"
    TINY_VAE = "tiny autoencoder for previews"
    TEXT_ENCODER = "text encoder"
    LORA = "LoRA"
    EMBEDDING = "textual inversion"
    CONTROLNET = "ControlNet"
    UPSCALER = "upscaler"
    IP_ADAPTER = "IP-Adapter"
    MOTION = "motion module"
    CLIP_VISION = "image encoder (CLIP vision)"
    OTHER = "file of an unknown kind"


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """What a weights file holds.

    Attributes:
        kind: What it is used for.
        family: The family of models that it belongs to, a key of `engine.models.shipped.CONFIGS` or another one, for
            example "SDXL"; for a text encoder its own, for example "CLIP-L"; "" if that cannot be told.
        purpose: For a denoiser, what it needs a picture for, for example "inpainting"; "" if a text is enough.
    """

    kind: Kind
    family: str = ""
    purpose: str = ""


_UNKNOWN = Contents(kind=Kind.OTHER)
DENOISER_PREFIXES = ("model.diffusion_model.", "diffusion_model.", "net.")
"""How the denoiser's tensors may begin; diffusers, and files of a denoiser alone, have no prefix."""
TEXT_PREFIXES = ("cond_stage_model.", "conditioner.embedders.", "text_encoders.")
VAE_PREFIXES = ("first_stage_model.", "vae.")

_LORA = re.compile(
    r"lora_up|lora_down|lora_A|lora_B|lora\.up|lora\.down|lora_linear|lora_mid|hada_w|hada_t|lokr_|oft_blocks|oft_diag"
    r"|\.glora|dora_scale|\.alpha$|\.diff(_b)?$|^lora_(unet|te\d?|transformer|prior)_"
)
_CONTROLNET = re.compile(
    r"^(control_model\.|controlnet_|input_hint_block\.|zero_convs\.|lllite_|control_all_x_embedder|control_layers\."
    r"|adapter\.body\.|body\.\d+\.in_conv\.|controlnet\.|lora_controlnet$)"
)
_UPSCALER = re.compile(
    r"^(params(_ema)?\.)?(conv_first\.|model\.1\.sub\.|body\.0\.rdb1\.|block_1\.c1_r\.|residual_layer\.0\.|sub_mean\."
    r"|feats\.0\.|to_feat\.|gblocks\.|unet1\.conv1\.)"
)
_COMPACT_UPSCALER = re.compile(r"^(params(_ema)?\.)?body\.\d+\.(weight|bias)$")
_MOTION = re.compile(r"motion_modules\.|temporal_transformer\.")
_IP_ADAPTER = re.compile(r"^(ip_adapter\.|image_proj\.|ip_adapter_proj_model\.)|ip_adapter_double_stream")
_TINY_VAE = re.compile(r"^(taesd_)?((encoder|decoder)\.)?(layers\.)?\d+\.(conv\.\d+\.|skip\.)?(weight|bias)$")
_VAE = ("decoder.conv_in.weight", "decoder.conv1.weight", "decoder.stages.", "decoder.project_in.", "vquantizer.")
_VAE_FAMILIES = {4: "Stable Diffusion or SDXL", 16: "Flux.1 or Stable Diffusion 3", 32: "Flux.2"}
_EMBEDDED = {768: "Stable Diffusion 1", 1024: "Stable Diffusion 2", 1280: "SDXL"}
_MAX_EMBEDDING_TENSORS = 4


def contents_of(file: WeightFile) -> Contents:
    """Return what a weights file holds.

    Args:
        file: The file, whose header was read.
    """
    shapes = file.tensors
    for is_it in (_adapter, _embedding, _other_network, _denoiser, _vae):
        found = is_it(shapes)
        if found is not None:
            return found
    encoders = encoders_in(file)
    return Contents(kind=Kind.TEXT_ENCODER, family=next(iter(encoders.values())).name) if encoders else _UNKNOWN


def without_prefix(shapes: Shapes, prefixes: Iterable[str]) -> Shapes:
    """Return the tensors below the first of these prefixes that some tensor has, without it; all if none has one."""
    for prefix in prefixes:
        below = {name.removeprefix(prefix): shape for name, shape in shapes.items() if name.startswith(prefix)}
        if below:
            return below
    return shapes


def latent_channels(file: WeightFile) -> int:
    """Return the channels of the latents that the VAE in a file decodes; 0 if it holds none that is known."""
    inputs = without_prefix(file.tensors, VAE_PREFIXES).get("decoder.conv_in.weight", ())
    return inputs[1] if len(inputs) == 4 else 0


def _adapter(shapes: Shapes) -> Contents | None:
    """An addition to a model: it changes a model and is none."""
    if _any(_IP_ADAPTER, shapes):
        return Contents(kind=Kind.IP_ADAPTER)
    if _any(_MOTION, shapes):
        return Contents(kind=Kind.MOTION)
    marked = sum(1 for name in shapes if _LORA.search(name))
    if marked and marked * 2 >= len(shapes):
        return Contents(kind=Kind.LORA, family=_lora_family(shapes))
    if _any(_CONTROLNET, shapes):
        return Contents(kind=Kind.CONTROLNET, family=denoiser_of(without_prefix(shapes, ("control_model.",))).family)
    return None


def _lora_family(shapes: Shapes) -> str:
    """The family of a LoRA, from the width of the text that its cross-attention layers take, or from their names."""
    for name, shape in shapes.items():
        if re.search(r"attn2[._]to_k\.(lora_down|lora_A|lora\.down)", name) and len(shape) == 2:
            return {768: "Stable Diffusion 1", 1024: "Stable Diffusion 2", 2048: "SDXL"}.get(shape[1], "")
    for part, family in (("joint_blocks", "Stable Diffusion 3"), ("double_stream_modulation", "Flux.2")):
        if any(part in name for name in shapes):
            return family
    is_flux = any(part in name for name in shapes for part in ("double_blocks", "single_transformer_blocks"))
    return "Flux.1" if is_flux else ""


def _embedding(shapes: Shapes) -> Contents | None:
    """A few vectors in place of words: one tensor, or one for each text encoder."""
    if not 0 < len(shapes) <= _MAX_EMBEDDING_TENSORS or any(len(shape) not in (1, 2) for shape in shapes.values()):
        return None
    widths = {shape[-1] for shape in shapes.values()}
    known = {"emb_params", "clip_l", "clip_g", "t5xxl"}
    is_named = bool(known & set(shapes)) or any(name.startswith("string_to_param") for name in shapes)
    is_word = len(shapes) == 1 and widths <= {768, 1024, 1280} and not next(iter(shapes)).endswith((".weight", ".bias"))
    if not is_named and not is_word:
        return None
    is_sdxl = {"clip_l", "clip_g"} <= set(shapes)
    return Contents(kind=Kind.EMBEDDING, family="SDXL" if is_sdxl else _EMBEDDED.get(max(widths), ""))


def _other_network(shapes: Shapes) -> Contents | None:
    """A network that is no part of a model."""
    if _any(_UPSCALER, shapes) or (shapes and all(_COMPACT_UPSCALER.match(name) for name in shapes)):
        return Contents(kind=Kind.UPSCALER)
    if any(".conv." in name for name in shapes) and all(_TINY_VAE.match(name) for name in shapes):
        return Contents(kind=Kind.TINY_VAE, family=_VAE_FAMILIES.get(_tiny_channels(shapes), ""))
    sees = any(name.startswith(("vision_model.", "visual.transformer.", "vision_tower.")) for name in shapes)
    reads = any(name.startswith(("text_model.", "transformer.resblocks.", "model.")) for name in shapes)
    return Contents(kind=Kind.CLIP_VISION) if sees and not reads else None


def _denoiser(shapes: Shapes) -> Contents | None:
    """A denoiser, with or without text encoders beside it."""
    found = denoiser_of(without_prefix(shapes, DENOISER_PREFIXES))
    reads = any(name.startswith(TEXT_PREFIXES) for name in shapes)
    has_prefix = any(name.startswith(DENOISER_PREFIXES[0]) for name in shapes)
    family = found.family or _family_of_encoders(shapes)
    if not family and not has_prefix and not reads:
        return None
    return Contents(kind=Kind.CHECKPOINT if reads else Kind.DENOISER, family=family, purpose=found.purpose)


def _family_of_encoders(shapes: Shapes) -> str:
    """The family of a checkpoint with a UNet of unknown sizes, from where its text encoders are."""
    if not any(name.startswith("model.diffusion_model.input_blocks.") for name in shapes):
        return ""
    for prefix, family in (
        ("conditioner.embedders.1.", "SDXL"),
        ("conditioner.embedders.0.", "SDXL refiner"),
        ("cond_stage_model.model.", "Stable Diffusion 2"),
        ("cond_stage_model.transformer.", "Stable Diffusion 1"),
    ):
        if any(name.startswith(prefix) for name in shapes):
            return family
    return ""


def _vae(shapes: Shapes) -> Contents | None:
    below = without_prefix(shapes, VAE_PREFIXES)
    if "decoder.middle.0.residual.0.gamma" in below:
        return Contents(kind=Kind.VAE, family="Wan or Qwen-Image")
    if not any(name.startswith(_VAE) for name in below):
        return None
    inputs = below.get("decoder.conv_in.weight", ())
    return Contents(kind=Kind.VAE, family=_VAE_FAMILIES.get(inputs[1] if len(inputs) == 4 else 0, ""))


def _tiny_channels(shapes: Shapes) -> int:
    """The channels of the latents that a tiny autoencoder decodes: the inputs of the decoder's first layer."""
    names = (
        "1.weight",
        "decoder.1.weight",
        "taesd_decoder.1.weight",
        "decoder.layers.0.weight",
        "decoder.layers.1.weight",
    )
    found = (shapes[name] for name in names if name in shapes)
    return next((shape[1] for shape in found if len(shape) == 4), 0)


def _any(pattern: re.Pattern[str], shapes: Shapes) -> bool:
    return any(pattern.search(name) for name in shapes)
