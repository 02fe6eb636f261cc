"""Seam: latents that a pipeline packs into tokens, for previews alone.

Flux.1, Chroma, Qwen-Image and others denoise packed latents, and undo the packing in a private method just before they
decode.  If it changes, previews are missing and pictures stay the same.

Assumptions, checked by tests/engine/diffusion/seams/test_latents.py:
- The method is `_unpack_latents(latents, height, width, vae_scale_factor)`, and `vae_scale_factor` is an attribute.
- Flux.2 has no such method: its latents are (n, H * W, C), one token for each position.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray


def unpack_latents(
    pipe: Any, latents: torch.Tensor, shape: tuple[int, ...], height: int, width: int
) -> NDArray[np.float32]:
    """Return latents in the shape of the initial noise.

    Args:
        pipe: The pipeline that they come from.
        latents: (n, ...), as the scheduler has them.
        shape: The shape of the initial noise of one picture.
        height: Of the picture, pixels.
        width: Of the picture, pixels.

    Returns:
        (n, *shape), float32; the latents as they are if the packing is unknown.
    """
    unpack = getattr(pipe, "_unpack_latents", None)
    if tuple(latents.shape[1:]) != shape and unpack is not None:
        arguments = {"latents": latents, "height": height, "width": width}
        arguments["vae_scale_factor"] = getattr(pipe, "vae_scale_factor", 8)
        if set(inspect.signature(unpack).parameters) == set(arguments):
            latents = unpack(**arguments)
    array: NDArray[np.float32] = latents.detach().float().cpu().numpy()
    if len(shape) == 3 and array.shape[1:] == (shape[1] * shape[2], shape[0]):  # a token for each position (Flux.2)
        array = np.moveaxis(array, 1, 2)
    elif [side for side in array.shape[1:] if side > 1] != [side for side in shape if side > 1]:
        return array
    return array.reshape(array.shape[0], *shape)
