"""Trains the UNet, and the text encoder along with it, to predict v from noisy latents (Salimans and Ho 2022, D)."""

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

from engine.embedded.training.autoencoder import LATENT_CHANNELS, encode
from engine.embedded.training.data import objects, pictures
from engine.embedded.training.log import log
from engine.embedded.training.loop import Loop, Recipe
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
    """Encodes every picture, each second one mirrored, to `latents.npy` (N, 4, 16, 16) fp16."""

    folder: Path

    def __call__(self, rank: Rank) -> None:
        """Each process encodes its share of the pictures."""
        drawn = pictures(self.folder)
        path, shape = self.folder / "latents.npy", (len(drawn), LATENT_CHANNELS, 16, 16)
        if rank.index == 0 and not path.exists():
            np.lib.format.open_memmap(path, "w+", np.float16, shape).flush()
        rank.agree(0)  # the file is there
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
    """The stage as a value.  start: a pipeline folder whose UNet and text encoder it goes on from, or none."""

    folder: Path
    recipe: Recipe
    start: Path | None = None

    def __call__(self, rank: Rank) -> None:
        """Train, then write `unet/` and the `text_encoder/` that goes with it."""
        torch.manual_seed(0)
        tokenizer = CLIPTokenizer.from_pretrained(self.folder / "tokenizer")
        words = CLIPTextModel.from_pretrained((self.start or self.folder) / "text_encoder").float().to(rank.device)
        unet = new_unet() if self.start is None else UNet2DConditionModel.from_pretrained(self.start / "unet")
        unet = unet.float().to(rank.device)
        loop = Loop("unet", self.folder, rank, self.recipe, {"unet": unet, "text_encoder": words})
        batches = _Batches(self.folder, tokenizer, self.recipe.batch)
        kept = new_scheduler().alphas_cumprod
        for _ in loop:
            clean, weight, ids = batches.draw(loop.numpy_random())
            random = loop.torch_random()
            noise = torch.randn(clean.shape, generator=random)
            timesteps = _timesteps(len(clean), random)
            noisy, velocity = _noised(clean, noise, kept[timesteps].view(-1, 1, 1, 1))
            with half_precision(rank.device):
                states = words(ids.to(rank.device)).last_hidden_state
                found = unet(noisy.to(rank.device), timesteps.to(rank.device), states).sample
            error = (found.float() - velocity.to(rank.device)).pow(2)
            plain = error.mean().item()
            loop.learn((error * weight.to(rank.device)).mean(), plain=plain)
        if rank.index == 0:
            for name, module in (("unet", unet), ("text_encoder", words)):
                module.load_state_dict(loop.averaged(name))
                module.save_pretrained(self.folder / "trained" / name)


def new_scheduler() -> DDIMScheduler:
    """The schedule that the model is trained with and ships with."""

    def kept(t: float) -> float:
        return math.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2

    betas = [round(min(0.999, 1 - kept((k + 1) / 1000) / kept(k / 1000)), 9) for k in range(_TIMESTEPS)]
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
    """An untrained UNet of 4.5 million weights that predicts almost nothing yet."""
    plain, crossed = "DownBlock2D", "CrossAttnDownBlock2D"
    unet = UNet2DConditionModel(
        sample_size=16,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        block_out_channels=_WIDTHS,
        layers_per_block=1,
        down_block_types=(plain, crossed, crossed),
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
    """Latents, weights and a fresh caption of each."""

    def __init__(self, folder: Path, tokenizer: CLIPTokenizer, batch: int) -> None:
        self._latents: NDArray[np.float16] = np.load(folder / "latents.npy")
        self._objects, self._tokenizer, self._batch = objects(folder), tokenizer, batch
        self._scenes = [sample_scene(k) for k in range(len(self._latents))]

    def draw(self, random: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Latents (B, 4, 16, 16), weights (B, 1, 16, 16) of mean 1 each, token ids (B, 48)."""
        chosen = random.integers(len(self._latents), size=self._batch)
        words = Random(int(random.integers(2**62)))
        captions = [
            "" if words.random() < _CAPTION_DROP else describe(self._scenes[k], words).text for k in chosen.tolist()
        ]
        covered = self._objects[chosen].astype(np.float32) / 255
        odd = chosen % 2 == 1
        covered[odd] = covered[odd, :, ::-1]
        weight = 1 + _OBJECT_WEIGHT * torch.from_numpy(covered)[:, None]
        clean = torch.from_numpy(self._latents[chosen].astype(np.float32))
        return clean, weight / weight.mean((1, 2, 3), keepdim=True), tokens(self._tokenizer, captions)


def _timesteps(count: int, random: torch.Generator) -> Tensor:
    """Uniform, one in each of `count` equal parts: less chance between batches."""
    place = (torch.arange(count) + torch.rand(1, generator=random)) / count
    return (place[torch.randperm(count, generator=random)] * _TIMESTEPS).long().clamp(0, _TIMESTEPS - 1)


def _noised(clean: Tensor, noise: Tensor, kept: Tensor) -> tuple[Tensor, Tensor]:
    """The noisy latents, and v: sqrt(kept) noise - sqrt(1 - kept) clean."""
    signal, grain = kept.sqrt(), (1 - kept).sqrt()
    return signal * clean + grain * noise, signal * noise - grain * clean
