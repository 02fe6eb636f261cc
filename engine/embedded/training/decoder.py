"""Trains the decoder further: latents stay the same, and the pictures decoded from them get sharper.

It decodes latents with a little noise, as the UNet will leave them, and has a perceptual loss and a critic.  The critic
is trained at the same time to tell drawn patches from decoded ones, as in a generative adversarial network.
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

from engine.embedded.training.autoencoder import as_tensor, reconstruction_psnr
from engine.embedded.training.classifier import load_classifier
from engine.embedded.training.data import objects, pictures
from engine.embedded.training.log import log
from engine.embedded.training.loop import Loop, Recipe
from engine.embedded.training.losses import perceptual_distance, picture_loss, pixel_weight
from engine.embedded.training.ranks import Rank, half_precision

_NOISE = 0.08  # standard deviation; that of the latents is 1
_PERCEPTUAL, _PERCEPTUAL_STAGES = 0.2, 3
_CRITIC = 0.4  # norm of the critic's gradient, relative to that of all other losses
_CROP = 8  # latents on each side of a crop, until `whole_from`


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainDecoder:
    """The stage that trains the decoder.

    Attributes:
        folder: The folder of the run.
        recipe: How it learns.
        start: A folder of an autoencoder with the same latents to continue from, or None.
        critic_from: The progress from which the critic's gradient counts.
        whole_from: The progress from which whole pictures are decoded; before it, crops.
    """

    folder: Path
    recipe: Recipe
    start: Path | None = None
    critic_from: float = 0.1
    whole_from: float = 0.7

    def __call__(self, rank: Rank) -> None:
        """Train, then write the whole autoencoder to `trained/vae/` in the folder of the run."""
        torch.manual_seed(0)
        vae = AutoencoderKL.from_pretrained(self.start or self.folder / "vae").float()
        vae = vae.to(rank.device, memory_format=torch.channels_last)
        vae.encoder.requires_grad_(False)
        vae.quant_conv.requires_grad_(False)
        perceptual = load_classifier(self.folder / "classifier.safetensors").to(rank.device).requires_grad_(False)
        critic = new_critic().to(rank.device)
        loop = Loop("decoder", self.folder, rank, self.recipe, {"vae": vae, "critic": critic})
        data = _Latents(self.folder)
        for progress in loop:
            side, batch = (_CROP, self.recipe.batch) if progress < self.whole_from else (16, self.recipe.batch // 4)
            latents, target, weight = (part.to(rank.device) for part in data.draw(batch, side, loop.numpy_random()))
            noise = torch.randn(latents.shape, generator=loop.torch_random()).to(rank.device)
            with half_precision(rank.device):
                decoded = vae.decode(latents + _NOISE * noise).sample.float()
            # The critic's loss has no natural scale, and its gradient would sooner or later outweigh all others or
            # vanish.  So gradients are computed at the pixels, where the critic's one is scaled to a fixed share of the
            # others, and then led back into the decoder as the gradient of a linear function.
            pixels = decoded.detach().requires_grad_()
            plain = picture_loss(pixels, target, weight)
            distance = perceptual_distance(perceptual, pixels, target, _PERCEPTUAL_STAGES)
            (gradient,) = torch.autograd.grad(plain + _PERCEPTUAL * distance, pixels)
            of_critic = critic_loss(critic, pixels.detach(), target)
            if progress >= self.critic_from:
                adversarial = torch.autograd.grad(adversarial_loss(critic, pixels), pixels)[0]
                gradient = gradient + _CRITIC * gradient.norm() / adversarial.norm().clamp(min=1e-12) * adversarial
            loop.learn((decoded * gradient).sum() + of_critic, plain=plain.item(), critic=of_critic.item())
        if rank.index == 0:
            vae.load_state_dict(loop.averaged("vae"))
            log(f"decoder: {reconstruction_psnr(vae.eval()):.2f} dB on held-out pictures")
            vae.to(memory_format=torch.contiguous_format).save_pretrained(self.folder / "trained" / "vae")


def new_critic() -> nn.Module:
    """Return an untrained critic of patches.

    It maps (B, 3, H, W) pictures to (B, 1, H / 4, W / 4) scores, above 0 where it takes a patch for a drawn one.
    """
    return nn.Sequential(
        nn.Conv2d(3, 24, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(24, 48, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(48, 64, 3, 1, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(64, 1, 3, 1, 1),
    )


def critic_loss(critic: nn.Module, decoded: Tensor, drawn: Tensor) -> Tensor:
    """Return the hinge loss of the critic: drawn patches above 1, decoded ones below -1 (Lim and Ye 2017, eq. 3)."""
    loss: Tensor = F.relu(1 - critic(drawn)).mean() + F.relu(1 + critic(decoded)).mean()
    return loss


def adversarial_loss(critic: nn.Module, decoded: Tensor) -> Tensor:
    """Return the loss of decoded pictures that the critic recognises; the critic's own weights get no gradient."""
    frozen = {name: weight.detach() for name, weight in critic.named_parameters()}
    return -functional_call(critic, frozen, (decoded,)).mean()  # type: ignore[no-any-return]  # torch gives it no types


class _Latents:
    """Crops of encoded pictures, with the pixels that they encode."""

    def __init__(self, folder: Path) -> None:
        self._latents: NDArray[np.float16] = np.load(folder / "latents.npy", mmap_mode="r")
        self._drawn, self._covered = pictures(folder), objects(folder)

    def draw(self, batch: int, side: int, random: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Return latents (B, 4, side, side), pixels (B, 3, 8 side, 8 side), weights (B, 1, 8 side, 8 side)."""
        latents, drawn, covered = [], [], []
        for k in random.integers(len(self._latents), size=batch):
            y, x = random.integers(0, 16 - side + 1, 2)
            flip = slice(None, None, -1 if k % 2 else 1)  # every second picture was mirrored before it was encoded
            latents.append(self._latents[k, :, y : y + side, x : x + side])
            drawn.append(self._drawn[k][:, flip][8 * y : 8 * (y + side), 8 * x : 8 * (x + side)])
            covered.append(self._covered[k][:, flip][y : y + side, x : x + side])
        clean = torch.from_numpy(np.stack(latents).astype(np.float32))
        return clean, as_tensor(np.stack(drawn)), pixel_weight(np.stack(covered))
