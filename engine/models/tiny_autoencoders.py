"""Tiny autoencoders for previews (TAESD, TAESDXL, TAESD3, TAEF1), told from the names and shapes of their tensors.

No torch.  Two layouts are known: that of the authors and of ComfyUI's `vae_approx`, a file for the decoder and one for
the encoder, and that of diffusers, both in one file.  Previews need the decoder only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

from engine.errors import ModelError
from engine.models.library import Shelf, find_by_name
from engine.models.weights import WeightFile, check_weights_suffix, read_weights, typed_path

_LAYER = re.compile(r"(?P<prefix>|decoder\.layers\.|decoder\.|taesd_decoder\.)(?P<index>\d{1,3})\.(?P<rest>.+)")
_MAX_WIDTH, _MAX_LATENT_CHANNELS, _MAX_LAYERS = 512, 128, 100
"""Published ones have 64, 4 to 32, and about 20."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TinyDecoder:
    """The decoder of a tiny autoencoder.

    Attributes:
        latent_channels: The channels of the latents that it takes.
        width: The channels of its layers.
        blocks: The number of blocks at each resolution; the picture doubles in size between two of them.
        names: For each of its tensors in the file, the name in diffusers' `decoder.layers`.
    """

    latent_channels: int
    width: int
    blocks: tuple[int, ...]
    names: Mapping[str, str]


# The decoder is a list of layers, of which only those with weights leave a name: a convolution, then for each
# resolution some blocks and another convolution, the last of which gives red, green and blue.  The authors count the
# clamp before the first convolution as layer 0, diffusers does not.
def tiny_decoder(file: WeightFile) -> TinyDecoder:
    """Return what a file of a tiny autoencoder says of its decoder.

    Raises:
        ModelError: The file holds no decoder, or one of another structure.
    """
    found = [(match, name) for name in file.tensors if (match := _LAYER.fullmatch(name))]
    if any(match["prefix"] for match, _ in found):
        found = [(match, name) for match, name in found if match["prefix"]]
    layers = sorted({int(match["index"]) for match, _ in found})
    shift = layers[0] if layers else 0
    names = {name: f"{int(match['index']) - shift}.{match['rest']}" for match, name in found}
    shapes = {names[name]: file.tensors[name] for name in names}
    convolutions = [index - shift for index in layers if f"{index - shift}.weight" in shapes]
    first = shapes.get("0.weight", ())
    last = shapes.get(f"{convolutions[-1]}.weight", ()) if convolutions else ()
    if len(first) != 4 or len(convolutions) < 2 or not last or last[0] != 3:
        raise ModelError(_why_no_decoder(file))
    if first[0] > _MAX_WIDTH or first[1] > _MAX_LATENT_CHANNELS or len(layers) > _MAX_LAYERS:
        raise ModelError(
            f"{file.path.name} holds a tiny autoencoder of {len(layers)} layers with {first[0]:,} channels, where at "
            f"most {_MAX_LAYERS} with {_MAX_WIDTH} can be used"
        )
    return TinyDecoder(
        latent_channels=first[1],
        width=first[0],
        blocks=tuple(
            sum(1 for index in layers if start < index - shift < end and f"{index - shift}.conv.0.weight" in shapes)
            for start, end in pairwise(convolutions)
        ),
        names=MappingProxyType(names),
    )


def resolve_tiny_file(text: str) -> Path:
    """Return the file of the tiny autoencoder that `--preview-vae` means: a path, or the name of a file.

    For the file of an encoder, that of its decoder beside it is meant.

    Raises:
        ModelError: There is no such file, or it holds no decoder.
    """
    path = typed_path(text)
    if not path.is_file():
        found = find_by_name(Shelf.PREVIEWS, text)
        if found is None or not found.is_file():
            raise ModelError(f"--preview-vae needs the folder or the file of a tiny autoencoder: there is no {text!r}")
        path = found
    check_weights_suffix(path, "a tiny autoencoder is a folder or such a file")
    beside = path.with_name(path.name.replace("encoder", "decoder"))
    path = beside if beside.is_file() else path
    tiny_decoder(read_weights(path))
    return path


def _why_no_decoder(file: WeightFile) -> str:
    first = file.tensors.get("0.weight", ())
    if len(first) == 4 and first[1] == 3:
        return (
            f"{file.path.name} holds the encoder of a tiny autoencoder, and previews need the decoder: "
            "name the file that ends in _decoder.safetensors"
        )
    return f"{file.path.name} holds no tiny autoencoder (TAESD, TAESDXL, TAESD3 or TAEF1)"
