"""All tiny families by name, with the noise that each takes and the size at which it is rendered."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch

from engine.diffusion.libraries import silence_libraries, use_deterministic_kernels
from engine.diffusion.load import LoadedModel
from engine.diffusion.placement import prepare_pipeline
from engine.diffusion.prompts import PromptCache
from engine.diffusion.schedulers import OwnScheduler
from engine.models.resolve import resolve_model
from engine.rendering.requests import ModelChoice
from engine.rendering.settings import RenderSettings
from tests.support.engine.families import (
    chat_texts,
    flux,
    kolors,
    others,
    pixart,
    processors,
    qwen,
    sd3,
    t5_texts,
    unets,
)
from tests.support.engine.tiny import SETTINGS, load_tiny

_HUNYUAN_SIDE = 256


def _unchanged(pipe: Any) -> None:
    """Change nothing."""


def _small_hidream(pipe: Any) -> None:
    pipe.default_sample_size = others.HIDREAM_LATENTS  # it renders every size as one of this area


def _small_kandinsky(pipe: Any) -> None:
    pipe.resolutions = [
        (128, 128),
        (64, 128),
        (128, 64),
    ]  # it renders no others; 1024 x 1024 by default


def _any_size(pipe: Any) -> None:
    pipe.image_processor.classify_height_width_bin = lambda height, width, ratios: (height, width)  # noqa: ARG005


def _short_texts(pipe: Any) -> None:
    pipe.tokenizer_max_length = 256  # all texts are padded to 1000 tokens by default


def _small_hunyuan(pipe: Any) -> None:
    shapes = sys.modules[type(pipe).__module__].SUPPORTED_SHAPE
    if (_HUNYUAN_SIDE, _HUNYUAN_SIDE) not in shapes:
        shapes.append((_HUNYUAN_SIDE, _HUNYUAN_SIDE))  # it renders all others as 1024 x 1024 or so


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """A family of models.

    Attributes:
        build: Returns its pipeline, with random weights.
        shape: The shape of the noise of one picture.
        axes: A letter for each axis of `shape`.
        side: The pixels of a side of a picture.
        shrink: Makes a loaded pipeline faster.
        is_saved: Whether it is saved and loaded; otherwise it is used as it is built (`processors`).
    """

    build: Callable[[], Any]
    shape: tuple[int, ...] = (4, 16, 16)
    axes: str = "CHW"
    side: int = 32
    shrink: Callable[[Any], None] = _unchanged
    is_saved: bool = True

    @property
    def settings(self) -> RenderSettings:
        """The settings of a small picture in four steps."""
        return replace(SETTINGS, width=self.side, height=self.side)


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "SD 1.x": Family(build=unets.sd1),
        "SD 2 v": Family(build=unets.sd2),
        "SDXL": Family(build=unets.sdxl),
        "PixArt-α": Family(build=pixart.pixart_alpha, shape=(4, 32, 32), side=256),
        "PixArt-Σ": Family(build=pixart.pixart_sigma, shape=(4, 32, 32), side=256),
        "SD 3": Family(build=sd3.sd3),
        "Flux.1": Family(build=flux.flux),
        "Flux.2": Family(build=flux.flux2, shape=(16, 8, 8)),
        "Chroma": Family(build=flux.chroma),
        "Qwen-Image": Family(build=qwen.qwen_image, shape=(1, 4, 16, 16), axes="1CHW"),
        "Z-Image": Family(build=qwen.z_image),
        "Kandinsky 5": Family(
            build=qwen.kandinsky5, shape=(1, 16, 16, 4), axes="1HWC", side=128, shrink=_small_kandinsky
        ),
        "Sana": Family(build=pixart.sana, side=512),
        "AuraFlow": Family(build=others.aura_flow),
        "Lumina 2": Family(build=others.lumina2, side=128),
        "HiDream": Family(build=others.hidream, shrink=_small_hidream),
        "CogView 4": Family(build=others.cogview4),
        "SDXL v, zero SNR": Family(build=unets.sdxl_v),
        "SDXL PAG": Family(build=unets.sdxl_pag),
        "Playground 2.5": Family(build=unets.playground),
        "LCM": Family(build=unets.lcm),
        "Kolors": Family(build=kolors.kolors),
        "DeepFloyd IF": Family(build=t5_texts.deepfloyd, shape=(3, 32, 32)),
        "Kandinsky 3": Family(build=t5_texts.kandinsky3, shape=(4, 8, 8), side=64),
        "CogView 3+": Family(build=t5_texts.cogview3),
        "Hunyuan-DiT": Family(build=t5_texts.hunyuan_dit, shape=(4, 32, 32), side=_HUNYUAN_SIDE, shrink=_small_hunyuan),
        "Sana-Sprint": Family(build=pixart.sana_sprint, shape=(4, 8, 8), side=256, shrink=_any_size),
        "Flux.2 klein": Family(build=chat_texts.klein, shape=(16, 8, 8)),
        "Krea 2": Family(build=chat_texts.krea2),
        "Ovis-Image": Family(build=chat_texts.ovis),
        "Bria 3.2": Family(build=t5_texts.bria),
        "Bria FIBO": Family(build=chat_texts.fibo, shape=(4, 4, 4), side=64),
        "Lumina-Next": Family(build=chat_texts.lumina_next, shape=(4, 8, 8), side=64),
        "HunyuanImage 2.1": Family(build=chat_texts.hunyuan_image, shrink=_short_texts),
        "ERNIE-Image": Family(build=chat_texts.ernie, shape=(16, 8, 8)),
        "Ideogram 4": Family(build=others.ideogram4, shape=(64, 16), axes="LC"),
        "Qwen-Image 2.1": Family(
            build=processors.qwen_image_21, shape=(1, 4, 4, 4), axes="1CHW", side=64, is_saved=False
        ),
        "LongCat-Image": Family(build=processors.longcat, shape=(16, 16, 16), is_saved=False),
        "PRX": Family(build=processors.prx, shrink=_any_size, is_saved=False),
        "PRX pixel": Family(build=processors.prx_pixel, shape=(3, 32, 32), shrink=_any_size, is_saved=False),
    }
)


def build_family(name: str) -> Any:
    """Return the pipeline of a family, always with the same weights."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return FAMILIES[name].build()


def save_family(name: str, folder: Path) -> None:
    """Write the pipeline of a family as a diffusers folder."""
    build_family(name).save_pretrained(folder)


def load_family(name: str, folder: Path) -> LoadedModel:
    """Load a saved family as the worker does; one that is not saved is built again."""
    loaded = load_tiny(resolve_model(str(folder))) if FAMILIES[name].is_saved else as_built(name, build_family(name))
    FAMILIES[name].shrink(loaded.pipe)
    return loaded


def as_built(name: str, pipe: Any) -> LoadedModel:
    """Return a pipeline that was never saved as if the worker had loaded it.

    Args:
        name: What its pictures record as its name.
        pipe: The pipeline.
    """
    silence_libraries()
    use_deterministic_kernels()
    prepare_pipeline(pipe, "cpu")
    for part in pipe.components.values():
        if isinstance(part, torch.nn.Module):
            part.eval()  # as loading does; HiDream gives another shape while it is trained
    return LoadedModel(
        choice=ModelChoice(path="", name=name),
        pipe=pipe,
        own=OwnScheduler.of(pipe),
        device="cpu",
        dtype="float32",
        identity={"name": name, "pipeline": type(pipe).__name__, "fingerprint": name},
        prompt_cache=PromptCache(pipe),
    )
