"""Trains the decoder on: the latents stay, the pictures made from them get sharper.

It sees latents as the UNet will leave them, a little off, and is held to what the classifier's features see as well.
A critic of patches learns along, to tell drawn pictures from decoded ones; what it objects to is mostly soft edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call

from engine.embedded.training.autoencoder import (
    as_tensor,
    eye_distance,
    picture_loss,
    pixel_weight,
    reconstruction_psnr,
)
from engine.embedded.training.classifier import load_classifier
from engine.embedded.training.data import objects, pictures
from engine.embedded.training.log import log
from engine.embedded.training.loop import Loop, Recipe
from engine.embedded.training.ranks import Rank, half_precision

_NOISE = 0.08  # of the latents' unit variance
_EYE, _EYE_STAGES = 0.2, 3
_CRITIC = 0.4  # how hard it pulls at the pixels, as a share of what all else does
_CROP = 8  # latents a side, until `whole_from`


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainDecoder:
    """The stage as a value.  start: a folder of an autoencoder with the same latents to go on from, or none."""

    folder: Path
    recipe: Recipe
    start: Path | None = None
    critic_from: float = 0.1  # progress from which the critic has a say
    whole_from: float = 0.7

    def __call__(self, rank: Rank) -> None:
        """Train, then write the whole autoencoder to `trained/vae/` in the folder."""
        torch.manual_seed(0)
        vae = AutoencoderKL.from_pretrained(self.start or self.folder / "vae").float()
        vae = vae.to(rank.device, memory_format=torch.channels_last)
        vae.encoder.requires_grad_(False)
        vae.quant_conv.requires_grad_(False)
        eye = load_classifier(self.folder / "classifier.safetensors").to(rank.device).requires_grad_(False)
        critic = new_critic().to(rank.device)
        loop = Loop("decoder", self.folder, rank, self.recipe, {"vae": vae, "critic": critic})
        data = _Latents(self.folder)
        for progress in loop:
            side, batch = (_CROP, self.recipe.batch) if progress < self.whole_from else (16, self.recipe.batch // 4)
            latents, seen, weight = (part.to(rank.device) for part in data.draw(batch, side, loop.numpy_random()))
            noise = torch.randn(latents.shape, generator=loop.torch_random()).to(rank.device)
            with half_precision(rank.device):
                made = vae.decode(latents + _NOISE * noise).sample.float()
            shown = made.detach().requires_grad_()
            plain = picture_loss(shown, seen, weight)
            (pull,) = torch.autograd.grad(plain + _EYE * eye_distance(eye, shown, seen, _EYE_STAGES), shown)
            told = critics_loss(critic, shown.detach(), seen)
            if progress >= self.critic_from:
                objection = torch.autograd.grad(objections(critic, shown), shown)[0]
                pull = pull + _CRITIC * pull.norm() / objection.norm().clamp(min=1e-12) * objection
            loop.learn((made * pull).sum() + told, plain=plain.item(), critic=told.item())
        if rank.index == 0:
            vae.load_state_dict(loop.averaged("vae"))
            log(f"decoder: {reconstruction_psnr(vae.eval()):.2f} dB on held-out pictures")
            vae.to(memory_format=torch.contiguous_format).save_pretrained(self.folder / "trained" / "vae")


def new_critic() -> nn.Module:
    """An untrained critic: (B, 3, H, W) to (B, 1, H / 4, W / 4), above 0 where it takes a patch for drawn."""
    return nn.Sequential(
        nn.Conv2d(3, 24, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(24, 48, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(48, 64, 3, 1, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(64, 1, 3, 1, 1),
    )


def critics_loss(critic: nn.Module, made: Tensor, seen: Tensor) -> Tensor:
    """Hinge: drawn patches above 1, decoded ones below -1 (Lim and Ye 2017, eq. 3)."""
    loss: Tensor = F.relu(1 - critic(seen)).mean() + F.relu(1 + critic(made)).mean()
    return loss


def objections(critic: nn.Module, made: Tensor) -> Tensor:
    """How far the critic sees through decoded pictures; its own weights learn nothing from that."""
    frozen = {name: weight.detach() for name, weight in critic.named_parameters()}
    return -functional_call(critic, frozen, (made,)).mean()  # type: ignore[no-any-return]  # torch types no result


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
