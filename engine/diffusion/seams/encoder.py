"""Seam: the autoencoder of a pipeline, and what a pipeline hands to it after its last step.

Between its last step and its decoder a pipeline unpacks and rescales its latents, each family in a way of its own, and
no pipeline does the reverse.  So `decode` is replaced on the autoencoder of one call: it shows what the encoder has to
give.

Assumptions, checked by tests/engine/diffusion/seams/test_encoder.py:
- The autoencoder is the component "vae", or "movq" in Kandinsky; `__call__` decodes by its method `decode`, whose first
  argument is the latents.
- `encode` takes colours in -1..1, (n, C, H, W) or (n, C, frames, H, W), and returns an object with `latent_dist`,
  `latent` or `latents`.
- The configuration names the channels of a picture "in_channels" or "input_channels"; a fourth one is alpha.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import torch

_NAMES = ("vae", "movq")
_CHANNELS = ("in_channels", "input_channels")


class _DecodingReached(BaseException):
    """Leaves the pipeline before it decodes; no `Exception`, so that no pipeline catches it."""


def autoencoder_of(pipe: Any) -> Any:
    """Return the component that encodes and decodes pictures; None if the pipeline has none."""
    parts = (getattr(pipe, name, None) for name in _NAMES)
    return next((part for part in parts if hasattr(part, "encode") and hasattr(part, "decode")), None)


def latents_to_decode(pipe: Any, call: Callable[[], object]) -> torch.Tensor:
    """Run `call` until the pipeline decodes, and return the latents that it hands to its autoencoder.

    Args:
        pipe: A pipeline with an autoencoder.
        call: Calls the pipeline; it is left by an exception before anything is decoded.

    Raises:
        LookupError: The pipeline decoded nothing.
    """
    part, seen = autoencoder_of(pipe), []

    def decode(latents: torch.Tensor, *_: Any, **__: Any) -> Any:
        seen.append(latents.detach())
        raise _DecodingReached

    part.decode = decode
    try:
        with contextlib.suppress(_DecodingReached):
            call()
    finally:
        del part.decode
    if not seen:
        raise LookupError("nothing was decoded")
    return seen[0]


def encoded(part: Any, colours: torch.Tensor, *, has_frames: bool) -> torch.Tensor:
    """Return the latents of a picture: of a distribution its mode, so that they are always the same.

    Args:
        part: The autoencoder.
        colours: (1, 3, H, W), -1 to 1, on the device of the pipeline.
        has_frames: Whether the autoencoder takes films, of which the picture is the only frame.

    Returns:
        The latents as the autoencoder has them, (1, ...).
    """
    precision = part.dtype
    if getattr(part.config, "force_upcast", False) and precision == torch.float16:
        part.to(dtype=torch.float32)
    try:
        pixels = _with_alpha(part, colours).to(part.dtype)
        with torch.no_grad():
            answer = part.encode(pixels.unsqueeze(2) if has_frames else pixels)
    finally:
        if part.dtype != precision:
            part.to(dtype=precision)
    latents: torch.Tensor
    if hasattr(answer, "latent_dist"):
        latents = answer.latent_dist.mode()
    else:
        latents = answer.latent if hasattr(answer, "latent") else answer.latents
    return latents


def _with_alpha(part: Any, colours: torch.Tensor) -> torch.Tensor:
    channels = next((part.config[name] for name in _CHANNELS if name in part.config), 3)
    return torch.cat([colours, torch.ones_like(colours[:, :1])], dim=1) if channels == 4 else colours
