"""Seam: latents that a pipeline packs into tokens, for previews alone.

Flux.1, Chroma, Qwen-Image and others denoise packed latents, and undo the packing in a private method just before they
decode.  If it changes, previews are missing and pictures stay the same.

Assumptions, checked by tests/engine/diffusion/seams/test_latents.py:
- The method is `_unpack_latents(latents, height, width, vae_scale_factor)`, and `vae_scale_factor` is an attribute; in
  some families it takes fewer arguments, or a `patch_size`.
- Flux.2, Qwen-Image 2.1 and Bria FIBO do not need it: their latents are (n, H * W, C), one token for each position.
"""

from __future__ import annotations

import inspect
import math
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
    array: NDArray[np.float32] = _tensor(pipe, latents, shape, height, width).detach().float().cpu().numpy()
    if _is_one_token_each(array.shape[1:], shape):
        array = np.moveaxis(array, 1, 2)
    elif [side for side in array.shape[1:] if side > 1] != [side for side in shape if side > 1]:
        return array
    return array.reshape(array.shape[0], *shape)


def _tensor(pipe: Any, latents: torch.Tensor, shape: tuple[int, ...], height: int, width: int) -> torch.Tensor:
    """Return latents as the pipeline itself unpacks them, if they have to be and it can."""
    unpack = getattr(pipe, "_unpack_latents", None)
    if unpack is None or tuple(latents.shape[1:]) == shape or _is_one_token_each(tuple(latents.shape[1:]), shape):
        return latents
    known = {
        "latents": latents,
        "height": height,
        "width": width,
        "vae_scale_factor": getattr(pipe, "vae_scale_factor", 8),
        "patch_size": getattr(getattr(getattr(pipe, "transformer", None), "config", None), "patch_size", 2),
    }
    parameters = inspect.signature(unpack).parameters
    if not set(parameters) <= set(known):
        return latents
    unpacked: torch.Tensor = unpack(**{name: known[name] for name in parameters})
    return unpacked


def _is_one_token_each(tokens: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Return whether there is a token for each position, with the channels of that position (Flux.2, Bria FIBO)."""
    return len(shape) >= 3 and tokens == (shape[-2] * shape[-1], math.prod(shape[:-2]))
