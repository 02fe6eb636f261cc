"""Trains the autoencoder: 128x128 pixels to 4x16x16 latents and back.

The loss is the absolute error of pixels and of their differences (edges), weighted more under objects, and a little
divergence of the latents from a unit normal.  In the later part a perceptual loss is added, the distance of the early
features of a classifier, which sharpens what people look at.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from torch import Tensor

from engine.embedded.training.classifier import Classifier, load_classifier
from engine.embedded.training.data import held_out, objects, pictures
from engine.embedded.training.log import log
from engine.embedded.training.loop import Loop, Recipe
from engine.embedded.training.losses import perceptual_distance, picture_loss, pixel_weight
from engine.embedded.training.new_autoencoder import LATENT_CHANNELS, new_autoencoder
from engine.embedded.training.ranks import Rank, half_precision

_DIVERGENCE, _PERCEPTUAL = 3e-4, 0.15  # weights of parts of the loss


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainAutoencoder:
    """The stage that trains the autoencoder.

    Attributes:
        folder: The folder of the run.
        recipe: How it learns.
        start: A folder of a trained autoencoder to continue from, or None.
        perceptual_from: The progress from which the perceptual loss counts.
        whole_from: The progress from which whole pictures are seen; before it, crops of 64 pixels.
        encoder_until: The progress at which the encoder is frozen, while the decoder learns on.
    """

    folder: Path
    recipe: Recipe
    start: Path | None = None
    perceptual_from: float = 0.4
    whole_from: float = 0.75
    encoder_until: float = 0.6

    def __call__(self, rank: Rank) -> None:
        """Train, then write the whitened autoencoder to `vae/` in the folder of the run."""
        torch.manual_seed(0)
        drawn, covered, device = pictures(self.folder), objects(self.folder), rank.device
        vae = new_autoencoder() if self.start is None else AutoencoderKL.from_pretrained(self.start)
        vae = vae.float().to(device, memory_format=torch.channels_last)  # a third faster on a CPU
        loop = Loop("autoencoder", self.folder, rank, self.recipe, {"vae": vae})
        perceptual: Classifier | None = None
        for progress in loop:
            crop, batch = (64, self.recipe.batch) if progress < self.whole_from else (128, self.recipe.batch // 4)
            if perceptual is None and progress >= self.perceptual_from:
                perceptual = load_classifier(self.folder / "classifier.safetensors").to(device).requires_grad_(False)
            target, weight = _batch(drawn, covered, batch, crop, loop.numpy_random())
            target, weight, frozen = target.to(device), weight.to(device), progress >= self.encoder_until
            loop.learn(_loss(vae, target, weight, perceptual, loop.torch_random(), encoder_frozen=frozen))
        if rank.index == 0:
            vae.load_state_dict(loop.averaged("vae"))
            whiten(vae.eval(), drawn)
            log(f"autoencoder: {reconstruction_psnr(vae):.2f} dB on held-out pictures")
            vae.to(memory_format=torch.contiguous_format).save_pretrained(self.folder / "vae")


# Diffusion starts from noise of unit variance with independent channels, so it is easiest if the latents look the same.
# The autoencoder does not make them so.  A linear map after the encoder does (ZCA, the whitening that turns the axes
# least), and its inverse before the decoder keeps every picture as it was.
@torch.no_grad()
def whiten(vae: AutoencoderKL, drawn: NDArray[np.uint8]) -> None:
    """Give the latents of an autoencoder zero mean and the identity as their covariance.

    The whitening and its inverse are folded into the convolutions between encoder, latents and decoder.

    Args:
        vae: The autoencoder, changed in place.
        drawn: (N, 128, 128, 3) uint8, pictures to measure the latents on.
    """
    every = max(1, len(drawn) // 512)
    mean = torch.cat([encode(vae, drawn[k : k + 16 * every : every]) for k in range(0, len(drawn), 16 * every)])
    values = mean.permute(1, 0, 2, 3).reshape(LATENT_CHANNELS, -1).double()
    centre = values.mean(1)
    variances, axes = torch.linalg.eigh(torch.cov(values))
    white, back = (axes * variances.rsqrt()) @ axes.T, (axes * variances.sqrt()) @ axes.T
    into, out = vae.quant_conv, vae.post_quant_conv
    weight, bias = into.weight[:LATENT_CHANNELS, :, 0, 0].double(), into.bias[:LATENT_CHANNELS].double()
    into.weight[:LATENT_CHANNELS, :, 0, 0] = (white @ weight).float()
    into.bias[:LATENT_CHANNELS] = (white @ (bias - centre)).float()
    into.bias[LATENT_CHANNELS:] -= math.log(float(variances.mean()))  # the second half are logarithms of variances
    weight, bias = out.weight[:, :, 0, 0].double(), out.bias.double()
    out.bias.copy_((bias + weight @ centre).float())
    out.weight[:, :, 0, 0] = (weight @ back).float()
    vae.register_to_config(scaling_factor=1.0)


@torch.no_grad()
def encode(vae: AutoencoderKL, pixels: NDArray[np.uint8]) -> Tensor:
    """Return the means of the latents of (N, 128, 128, 3) uint8 pictures: (N, 4, 16, 16) float32."""
    mean: Tensor = vae.encode(as_tensor(pixels).to(vae.device)).latent_dist.mean
    return mean.float()


def as_tensor(pixels: NDArray[np.uint8]) -> Tensor:
    """Return (N, H, W, 3) uint8 pictures as (N, 3, H, W) float32 in -1..1."""
    return torch.from_numpy(np.array(pixels)).permute(0, 3, 1, 2).float() / 127.5 - 1


@torch.no_grad()
def reconstruction_psnr(vae: AutoencoderKL, count: int = 64) -> float:
    """Return the peak signal-to-noise ratio of held-out pictures that were encoded and decoded, in decibels."""
    pixels = np.stack([picture.pixels for _, picture, _ in held_out(count)])
    errors = [
        (vae.decode(encode(vae, pixels[k : k + 16])).sample.cpu().clamp(-1, 1) - as_tensor(pixels[k : k + 16]))
        for k in range(0, count, 16)
    ]
    return -10 * math.log10(float((torch.cat(errors) / 2).pow(2).mean()))


def _batch(
    drawn: NDArray[np.uint8], covered: NDArray[np.uint8], batch: int, crop: int, random: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Return random crops and the weights of their pixels: (B, 3, crop, crop) and (B, 1, crop, crop)."""
    crops, weights = [], []
    for k in random.integers(len(drawn), size=batch):
        y, x = random.integers(0, (128 - crop) // 8 + 1, 2) if crop < 128 else (0, 0)
        part = drawn[k, 8 * y : 8 * y + crop, 8 * x : 8 * x + crop]
        mask = covered[k, y : y + crop // 8, x : x + crop // 8]
        flip = slice(None, None, -1 if random.random() < 0.5 else 1)
        crops.append(part[:, flip])
        weights.append(mask[:, flip])
    return as_tensor(np.stack(crops)), pixel_weight(np.stack(weights))


def _loss(
    vae: AutoencoderKL,
    target: Tensor,
    weight: Tensor,
    perceptual: Classifier | None,
    random: torch.Generator,
    *,
    encoder_frozen: bool,
) -> Tensor:
    with half_precision(target.device):
        with torch.set_grad_enabled(not encoder_frozen):
            found = vae.encode(target).latent_dist
        mean, log_variance = found.mean.float(), found.logvar.float().clamp(-12, 4)
        noise = torch.randn(mean.shape, generator=random).to(mean.device)
        decoded = vae.decode(mean + noise * torch.exp(0.5 * log_variance)).sample.float()
    divergence = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).mean()
    total: Tensor = picture_loss(decoded, target, weight) + _DIVERGENCE * divergence
    return total if perceptual is None else total + _PERCEPTUAL * perceptual_distance(perceptual, decoded, target)
