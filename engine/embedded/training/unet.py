"""Trains the UNet and the text encoder to predict v from noisy latents (Salimans and Ho 2022, appendix D)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from numpy.typing import NDArray
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from engine.embedded.training.autoencoder import encode
from engine.embedded.training.data import objects, pictures
from engine.embedded.training.log import log
from engine.embedded.training.loop import Loop, Recipe
from engine.embedded.training.new_autoencoder import LATENT_CHANNELS
from engine.embedded.training.ranks import Rank, half_precision
from engine.embedded.training.scenes.captions import describe
from engine.embedded.training.scenes.scene import sample_scene
from engine.embedded.training.text_encoder import WIDTH, tokens

# A cosine schedule (Nichol and Dhariwal 2021) cut at 957 of 1000: the rest reaches sigmas of 20,000, where Karras
# spacing puts most of its steps.
_TIMESTEPS = 957
_OBJECT_WEIGHT = 1.0  # added to 1 where a latent lies under an object
_CAPTION_DROP = 0.1
_WIDTHS = (64, 96, 96)


@dataclass(frozen=True, kw_only=True, slots=True)
class EncodePictures:
    """The stage that encodes the pictures, every second one mirrored, to `latents.npy`: (N, 4, 16, 16) float16.

    Attributes:
        folder: The folder of the run.
    """

    folder: Path

    def __call__(self, rank: Rank) -> None:
        """Encode the share of this process."""
        drawn = pictures(self.folder)
        path, shape = self.folder / "latents.npy", (len(drawn), LATENT_CHANNELS, 16, 16)
        if rank.index == 0 and not path.exists():
            np.lib.format.open_memmap(path, "w+", np.float16, shape).flush()
        rank.agree(0)  # the other processes wait until the file is there
        latents = np.load(path, mmap_mode="r+")
        vae = AutoencoderKL.from_pretrained(self.folder / "vae").to(rank.device, memory_format=torch.channels_last)
        share = range(rank.index * len(drawn) // rank.world, (rank.index + 1) * len(drawn) // rank.world)
        for first in range(share.start, share.stop, 64):
            last = min(first + 64, share.stop)
            block = drawn[first:last].copy()
            odd = slice(1 - first % 2, None, 2)
            block[odd] = block[odd, :, ::-1]
            with half_precision(rank.device):
                latents[first:last] = encode(vae, block).cpu().numpy()
            if rank.index == 0 and first % 4096 == 0:
                log(f"latents: {first} of {share.stop}")
        latents.flush()


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainUnet:
    """The stage that trains the UNet.

    Attributes:
        folder: The folder of the run.
        recipe: How it learns.
        start: A pipeline folder whose UNet and text encoder it continues from, or None.
    """

    folder: Path
    recipe: Recipe
    start: Path | None = None

    def __call__(self, rank: Rank) -> None:
        """Train, then write `unet/` and `text_encoder/` to `trained/` in the folder of the run."""
        torch.manual_seed(0)
        tokenizer = CLIPTokenizer.from_pretrained(self.folder / "tokenizer")
        text_encoder = (
            CLIPTextModel.from_pretrained((self.start or self.folder) / "text_encoder").float().to(rank.device)
        )
        unet = new_unet() if self.start is None else UNet2DConditionModel.from_pretrained(self.start / "unet")
        unet = unet.float().to(rank.device)
        loop = Loop("unet", self.folder, rank, self.recipe, {"unet": unet, "text_encoder": text_encoder})
        batches = _Batches(self.folder, tokenizer, self.recipe.batch)
        alphas_cumprod = new_scheduler().alphas_cumprod
        for _ in loop:
            clean, weight, ids = batches.draw(loop.numpy_random())
            random = loop.torch_random()
            noise = torch.randn(clean.shape, generator=random)
            timesteps = _timesteps(len(clean), random)
            noisy, velocity = _add_noise(clean, noise, alphas_cumprod[timesteps].view(-1, 1, 1, 1))
            with half_precision(rank.device):
                states = text_encoder(ids.to(rank.device)).last_hidden_state
                predicted = unet(noisy.to(rank.device), timesteps.to(rank.device), states).sample
            error = (predicted.float() - velocity.to(rank.device)).pow(2)
            plain = error.mean().item()
            loop.learn((error * weight.to(rank.device)).mean(), plain=plain)
        if rank.index == 0:
            for name, module in (("unet", unet), ("text_encoder", text_encoder)):
                module.load_state_dict(loop.averaged(name))
                module.save_pretrained(self.folder / "trained" / name)


def new_scheduler() -> DDIMScheduler:
    """Return the noise schedule that the model is trained with and ships with."""

    def alpha_cumprod(t: float) -> float:
        return math.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2

    betas = [
        round(min(0.999, 1 - alpha_cumprod((k + 1) / 1000) / alpha_cumprod(k / 1000)), 9) for k in range(_TIMESTEPS)
    ]
    return DDIMScheduler(
        num_train_timesteps=_TIMESTEPS,
        trained_betas=betas,
        prediction_type="v_prediction",
        clip_sample=False,
        set_alpha_to_one=True,
        steps_offset=1,
        timestep_spacing="trailing",
    )


def new_unet() -> UNet2DConditionModel:
    """Return an untrained UNet of 4.5 million weights; its first predictions are nearly 0."""
    plain, with_text = "DownBlock2D", "CrossAttnDownBlock2D"
    unet = UNet2DConditionModel(
        sample_size=16,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        block_out_channels=_WIDTHS,
        layers_per_block=1,
        down_block_types=(plain, with_text, with_text),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=WIDTH,
        attention_head_dim=4,
        norm_num_groups=16,
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
        resnet_time_scale_shift="scale_shift",
    )
    with torch.no_grad():
        unet.conv_out.weight.mul_(0.1)
        unet.conv_out.bias.zero_()
        for name, weight in unet.named_parameters():
            if name.endswith(("conv2.weight", "proj_out.weight")):
                weight.mul_(0.2)
    return unet


class _Batches:
    """Random batches of latents, each with weights and a new caption."""

    def __init__(self, folder: Path, tokenizer: CLIPTokenizer, batch: int) -> None:
        self._latents: NDArray[np.float16] = np.load(folder / "latents.npy")
        self._objects, self._tokenizer, self._batch = objects(folder), tokenizer, batch
        self._scenes = [sample_scene(k) for k in range(len(self._latents))]

    def draw(self, random: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Return latents (B, 4, 16, 16), weights (B, 1, 16, 16) of mean 1 each, and token ids (B, 48)."""
        chosen = random.integers(len(self._latents), size=self._batch)
        caption_random = Random(int(random.integers(2**62)))
        captions = [
            "" if caption_random.random() < _CAPTION_DROP else describe(self._scenes[k], caption_random).text
            for k in chosen.tolist()
        ]
        covered = self._objects[chosen].astype(np.float32) / 255
        odd = chosen % 2 == 1
        covered[odd] = covered[odd, :, ::-1]
        weight = 1 + _OBJECT_WEIGHT * torch.from_numpy(covered)[:, None]
        clean = torch.from_numpy(self._latents[chosen].astype(np.float32))
        return clean, weight / weight.mean((1, 2, 3), keepdim=True), tokens(self._tokenizer, captions)


# Timesteps are stratified: every batch has one in each of `count` equal parts of the schedule, at one random offset.
# Independent ones would leave gaps, and the loss would differ from batch to batch by that chance alone.
def _timesteps(count: int, random: torch.Generator) -> Tensor:
    position = (torch.arange(count) + torch.rand(1, generator=random)) / count
    return (position[torch.randperm(count, generator=random)] * _TIMESTEPS).long().clamp(0, _TIMESTEPS - 1)


def _add_noise(clean: Tensor, noise: Tensor, alphas_cumprod: Tensor) -> tuple[Tensor, Tensor]:
    """Return noisy latents and their v, with a for alphas_cumprod: v = sqrt(a) * noise - sqrt(1 - a) * clean."""
    signal, deviation = alphas_cumprod.sqrt(), (1 - alphas_cumprod).sqrt()
    return signal * clean + deviation * noise, signal * noise - deviation * clean
