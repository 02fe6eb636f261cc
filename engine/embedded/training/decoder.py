"""Trains the decoder on: the latents stay, the pictures made from them get sharper.

It sees latents as the UNet will leave them, a little off, and is held to what the classifier's features see as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from torch import Tensor

from engine.embedded.classifier import load_classifier
from engine.embedded.training.autoencoder import (
    as_tensor,
    eye_distance,
    picture_loss,
    pixel_weight,
    reconstruction_psnr,
)
from engine.embedded.training.data import objects, pictures
from engine.embedded.training.log import log
from engine.embedded.training.loop import Loop, Recipe
from engine.embedded.training.ranks import Rank, half_precision

_NOISE = 0.08  # of the latents' unit variance
_EYE, _EYE_STAGES = 0.2, 3
_CROP = 8  # latents a side, until `whole_from`


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainDecoder:
    """The stage as a value."""

    folder: Path
    recipe: Recipe
    whole_from: float = 0.7

    def __call__(self, rank: Rank) -> None:
        """Train, then write the whole autoencoder to `trained/vae/` in the folder."""
        torch.manual_seed(0)
        vae = AutoencoderKL.from_pretrained(self.folder / "vae").to(rank.device, memory_format=torch.channels_last)
        vae.encoder.requires_grad_(False)
        vae.quant_conv.requires_grad_(False)
        eye = load_classifier(self.folder / "classifier.safetensors").to(rank.device).requires_grad_(False)
        loop = Loop("decoder", self.folder, rank, self.recipe, {"vae": vae})
        data = _Latents(self.folder)
        for progress in loop:
            side, batch = (_CROP, self.recipe.batch) if progress < self.whole_from else (16, self.recipe.batch // 4)
            latents, seen, weight = (part.to(rank.device) for part in data.draw(batch, side, loop.numpy_random()))
            noise = torch.randn(latents.shape, generator=loop.torch_random()).to(rank.device)
            with half_precision(rank.device):
                made = vae.decode(latents + _NOISE * noise).sample.float()
            apart = eye_distance(eye, made, seen, _EYE_STAGES)
            plain = picture_loss(made, seen, weight)
            loop.learn(plain + _EYE * apart, plain=plain.item())
        if rank.index == 0:
            vae.load_state_dict(loop.averaged("vae"))
            log(f"decoder: {reconstruction_psnr(vae.eval()):.2f} dB on held-out pictures")
            vae.to(memory_format=torch.contiguous_format).save_pretrained(self.folder / "trained" / "vae")


class _Latents:
    """Crops of encoded pictures, and the pixels they stand for."""

    def __init__(self, folder: Path) -> None:
        self._latents: NDArray[np.float16] = np.load(folder / "latents.npy", mmap_mode="r")
        self._drawn, self._covered = pictures(folder), objects(folder)

    def draw(self, batch: int, side: int, random: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Latents (B, 4, side, side), pixels (B, 3, 8 side, 8 side), weights (B, 1, 8 side, 8 side)."""
        latents, seen, covered = [], [], []
        for k in random.integers(len(self._latents), size=batch):
            y, x = random.integers(0, 16 - side + 1, 2)
            turn = slice(None, None, -1 if k % 2 else 1)  # each second picture was mirrored before it was encoded
            latents.append(self._latents[k, :, y : y + side, x : x + side])
            seen.append(self._drawn[k][:, turn][8 * y : 8 * (y + side), 8 * x : 8 * (x + side)])
            covered.append(self._covered[k][:, turn][y : y + side, x : x + side])
        clean = torch.from_numpy(np.stack(latents).astype(np.float32))
        return clean, as_tensor(np.stack(seen)), pixel_weight(np.stack(covered))
