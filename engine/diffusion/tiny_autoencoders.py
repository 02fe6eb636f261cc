"""Load a tiny autoencoder for previews from the file of its decoder, as ComfyUI keeps it in `vae_approx`."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import AutoencoderTiny
from safetensors import safe_open

from engine.errors import ModelError
from engine.models.tiny_autoencoders import tiny_decoder
from engine.models.weights import read_weights

_ENCODER = "encoder."


def load_tiny_decoder(path: Path) -> AutoencoderTiny:
    """Return a tiny autoencoder with the decoder of a file, and an encoder that is never used.

    Args:
        path: The file of the decoder, or of both halves.

    Raises:
        ModelError: The file holds no decoder, or one that is incomplete or of another structure.
    """
    known = tiny_decoder(read_weights(path))
    with torch.random.fork_rng(devices=()):  # the unused encoder is drawn at random
        tiny = AutoencoderTiny(
            latent_channels=known.latent_channels,
            decoder_block_out_channels=(known.width,) * len(known.blocks),
            num_decoder_blocks=known.blocks,
            encoder_block_out_channels=(1,),
            num_encoder_blocks=(1,),
        )
    with safe_open(path, framework="pt") as file:
        state = {f"decoder.layers.{new}": file.get_tensor(old) for old, new in known.names.items()}
    try:
        missing, unknown = tiny.load_state_dict(state, strict=False)
    except RuntimeError as error:  # shapes
        raise ModelError(f"{path.name} holds a tiny autoencoder of another structure, which cannot be used") from error
    absent = [name for name in missing if not name.startswith(_ENCODER)]
    if absent or unknown:
        what = f"{absent[0]} is missing" if absent else f"{unknown[0]} is not known"
        raise ModelError(f"{path.name} is damaged, or a tiny autoencoder of another structure: {what}")
    return tiny.eval()
