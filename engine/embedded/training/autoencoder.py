"""Trains the autoencoder: 128x128 pixels to 4x16x16 latents and back.

Absolute error of pixels and of their differences (edges), more under objects; a little divergence from a unit normal;
and in the later part the distance of the classifier's early features, which sharpens what the eye looks at.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.embedded.training.classifier import Classifier, load_classifier
from engine.embedded.training.data import held_out, objects, pictures
from engine.embedded.training.log import log
from engine.embedded.training.loop import Loop, Recipe
from engine.embedded.training.ranks import Rank, half_precision

LATENT_CHANNELS = 4
_WIDTHS = (16, 32, 64, 96)
_OBJECT_WEIGHT = 2.0  # added to 1 under an object
_EDGE, _DIVERGENCE, _EYE = 0.5, 3e-4, 0.15


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainAutoencoder:
    """The stage as a value.  start: a folder of a trained autoencoder to go on from, or none."""

    folder: Path
    recipe: Recipe
    start: Path | None = None
    eye_from: float = 0.4  # progress from which the classifier's features count
    whole_from: float = 0.75  # before it, crops of 64 pixels
    encoder_until: float = 0.6  # then the encoder stays as it is and the decoder learns on

    def __call__(self, rank: Rank) -> None:
        """Train, then write the whitened autoencoder to `vae/` in the folder."""
        torch.manual_seed(0)
        drawn, covered, device = pictures(self.folder), objects(self.folder), rank.device
        vae = new_autoencoder() if self.start is None else AutoencoderKL.from_pretrained(self.start)
        vae = vae.float().to(device, memory_format=torch.channels_last)  # a third faster than the default on a CPU
        loop = Loop("autoencoder", self.folder, rank, self.recipe, {"vae": vae})
        eye: Classifier | None = None
        for progress in loop:
            crop, batch = (64, self.recipe.batch) if progress < self.whole_from else (128, self.recipe.batch // 4)
            if eye is None and progress >= self.eye_from:
                eye = load_classifier(self.folder / "classifier.safetensors").to(device).requires_grad_(False)
            seen, weight = _batch(drawn, covered, batch, crop, loop.numpy_random())
            learns = progress < self.encoder_until
            loop.learn(_loss(vae, seen.to(device), weight.to(device), eye, loop.torch_random(), encoder_learns=learns))
        if rank.index == 0:
            vae.load_state_dict(loop.averaged("vae"))
            whiten(vae.eval(), drawn)
            log(f"autoencoder: {reconstruction_psnr(vae):.2f} dB on held-out pictures")
            vae.to(memory_format=torch.contiguous_format).save_pretrained(self.folder / "vae")


def new_autoencoder() -> AutoencoderKL:
    """An untrained one that already halves by averaging and doubles by interpolation: it learns the rest sooner."""
    down, up = ("DownEncoderBlock2D",) * 4, ("UpDecoderBlock2D",) * 4
    vae = AutoencoderKL(
        down_block_types=down,
        up_block_types=up,
        block_out_channels=_WIDTHS,
        layers_per_block=1,
        latent_channels=LATENT_CHANNELS,
        norm_num_groups=1,
        mid_block_add_attention=False,
        sample_size=128,
        force_upcast=False,
        scaling_factor=1.0,
    )
    _start_as_identity(vae)
    return vae


@torch.no_grad()
def whiten(vae: AutoencoderKL, drawn: NDArray[np.uint8]) -> None:
    """Fold into the quant convolutions what gives the latents zero mean and the identity as covariance (ZCA)."""
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
    into.bias[LATENT_CHANNELS:] -= math.log(float(variances.mean()))  # a logarithm of variances
    weight, bias = out.weight[:, :, 0, 0].double(), out.bias.double()
    out.bias.copy_((bias + weight @ centre).float())
    out.weight[:, :, 0, 0] = (weight @ back).float()
    vae.register_to_config(scaling_factor=1.0)


@torch.no_grad()
def encode(vae: AutoencoderKL, pixels: NDArray[np.uint8]) -> Tensor:
    """The latents' means of (N, 128, 128, 3) uint8 pictures: (N, 4, 16, 16) float32."""
    mean: Tensor = vae.encode(as_tensor(pixels).to(vae.device)).latent_dist.mean
    return mean.float()


def as_tensor(pixels: NDArray[np.uint8]) -> Tensor:
    """(N, H, W, 3) uint8 to (N, 3, H, W) float32 in -1..1."""
    return torch.from_numpy(np.array(pixels)).permute(0, 3, 1, 2).float() / 127.5 - 1


@torch.no_grad()
def reconstruction_psnr(vae: AutoencoderKL, count: int = 64) -> float:
    """Peak signal to noise of encoding and decoding held-out pictures, decibels, over all their values."""
    pixels = np.stack([picture.pixels for _, picture, _ in held_out(count)])
    errors = [
        (vae.decode(encode(vae, pixels[k : k + 16])).sample.cpu().clamp(-1, 1) - as_tensor(pixels[k : k + 16]))
        for k in range(0, count, 16)
    ]
    return -10 * math.log10(float((torch.cat(errors) / 2).pow(2).mean()))


def _batch(
    drawn: NDArray[np.uint8], covered: NDArray[np.uint8], batch: int, crop: int, random: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Crops, and the weight of each of their pixels: (B, 3, crop, crop) and (B, 1, crop, crop)."""
    seen, weights = [], []
    for k in random.integers(len(drawn), size=batch):
        y, x = random.integers(0, (128 - crop) // 8 + 1, 2) if crop < 128 else (0, 0)
        part = drawn[k, 8 * y : 8 * y + crop, 8 * x : 8 * x + crop]
        mask = covered[k, y : y + crop // 8, x : x + crop // 8]
        flip = slice(None, None, -1 if random.random() < 0.5 else 1)
        seen.append(part[:, flip])
        weights.append(mask[:, flip])
    return as_tensor(np.stack(seen)), pixel_weight(np.stack(weights))


def pixel_weight(covered: NDArray[np.uint8]) -> Tensor:
    """What each pixel counts, 1 on average: (B, 1, 8h, 8w) from (B, h, w), 255 under an object."""
    weight = torch.from_numpy(np.array(covered))[:, None].float() / 255
    weight = 1 + _OBJECT_WEIGHT * nn.functional.interpolate(weight, scale_factor=8)
    return weight / weight.mean()


def _loss(
    vae: AutoencoderKL,
    seen: Tensor,
    weight: Tensor,
    eye: Classifier | None,
    random: torch.Generator,
    *,
    encoder_learns: bool,
) -> Tensor:
    with half_precision(seen.device):
        with torch.set_grad_enabled(encoder_learns):
            found = vae.encode(seen).latent_dist
        mean, log_variance = found.mean.float(), found.logvar.float().clamp(-12, 4)
        noise = torch.randn(mean.shape, generator=random).to(mean.device)
        made = vae.decode(mean + noise * torch.exp(0.5 * log_variance)).sample.float()
    divergence = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).mean()
    total: Tensor = picture_loss(made, seen, weight) + _DIVERGENCE * divergence
    return total if eye is None else total + _EYE * eye_distance(eye, made, seen)


def picture_loss(made: Tensor, seen: Tensor, weight: Tensor) -> Tensor:
    """Absolute error of pixels and of their differences.  made, seen: (B, 3, H, W); weight: (B, 1, H, W)."""
    pixel = ((made - seen).abs() * weight).mean()
    edge = sum(((a - b).abs() * w).mean() for a, b, w in zip(_edges(made), _edges(seen), _inner(weight), strict=True))
    loss: Tensor = pixel + _EDGE * edge
    return loss


def eye_distance(eye: Classifier, made: Tensor, seen: Tensor, stages: int = 2) -> Tensor:
    """Mean absolute difference of the features of the classifier's first stages."""
    apart = torch.zeros((), device=made.device)
    for stage in list(eye.stages)[:stages]:
        with half_precision(made.device):
            made, seen = stage(made), stage(seen)
        apart = apart + (made - seen).abs().float().mean()
    return apart


def _edges(x: Tensor) -> tuple[Tensor, Tensor]:
    return x[..., 1:] - x[..., :-1], x[..., 1:, :] - x[..., :-1, :]


def _inner(weight: Tensor) -> tuple[Tensor, Tensor]:
    return weight[..., 1:], weight[..., 1:, :]


@torch.no_grad()
def _start_as_identity(vae: AutoencoderKL) -> None:
    """Give every convolution a share of the identity: halving is a mean, doubling is linear interpolation."""
    mean = torch.zeros(3, 3)
    mean[:2, :2] = 0.25
    linear = torch.tensor([1.0, 2.0, 1.0])
    linear = linear[:, None] * linear[None] / 16
    for part, blocks in ((vae.encoder, vae.encoder.down_blocks), (vae.decoder, vae.decoder.up_blocks)):
        for block in [part.mid_block, *blocks]:
            for resnet in block.resnets:
                resnet.conv2.weight.mul_(0.1)
                if resnet.conv_shortcut is not None:
                    _add_identity(resnet.conv_shortcut, torch.ones(1, 1))
            for half in getattr(block, "downsamplers", None) or []:
                _add_identity(half.conv, mean)
            for double in getattr(block, "upsamplers", None) or []:
                _add_identity(double.conv, linear)
    _carry_colours(vae)


def _add_identity(conv: nn.Conv2d, kernel: Tensor) -> None:
    conv.weight.mul_(0.3)
    if conv.bias is not None:
        conv.bias.zero_()
    for k in range(min(conv.weight.shape[:2])):
        conv.weight[k, k] += kernel


def _carry_colours(vae: AutoencoderKL) -> None:
    """Lead the three colours, and their negatives, through to the latents and back."""
    middle = torch.zeros(3, 3)
    middle[1, 1] = 1
    for part in (vae.encoder, vae.decoder):
        part.conv_in.weight.mul_(0.5)
        part.conv_in.weight[:7] = 0
        part.conv_in.bias.zero_()
        part.conv_in.bias[6] = 1.5  # keeps the group norm's scale where a picture is flat
        part.conv_out.weight.mul_(0.1)
        part.conv_out.bias.zero_()
        for k in range(3):
            part.conv_in.weight[k, k], part.conv_in.weight[3 + k, k] = middle, -middle
            part.conv_out.weight[k, k] += 0.7 * middle
            part.conv_out.weight[k, 3 + k] -= 0.7 * middle
    vae.quant_conv.weight.zero_()
    vae.quant_conv.bias.zero_()
    vae.quant_conv.bias[LATENT_CHANNELS:] = -3.0
    vae.post_quant_conv.weight.mul_(0.1)
    for k in range(LATENT_CHANNELS):
        vae.quant_conv.weight[k, k] = 1
        vae.quant_conv.weight[LATENT_CHANNELS + k, LATENT_CHANNELS + k] = 0.05
        vae.post_quant_conv.weight[k, k] += 1
