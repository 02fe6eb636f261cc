"""All tiny families by name, with the noise that each takes and the size at which it is rendered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch

from engine.diffusion.load import LoadedModel
from engine.models.resolve import resolve_model
from engine.rendering.settings import RenderSettings
from tests.support.engine.families import flux, others, pixart, qwen, sd3, unets
from tests.support.engine.tiny import SETTINGS, load_tiny


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """A family of models.

    Attributes:
        build: Returns its pipeline, with random weights.
        shape: The shape of the noise of one picture.
        axes: A letter for each axis of `shape`.
        side: The pixels of a side of a picture.
        shrink: Makes a loaded pipeline faster.
    """

    build: Callable[[], Any]
    shape: tuple[int, ...] = (4, 16, 16)
    axes: str = "CHW"
    side: int = 32
    shrink: Callable[[Any], None] = _unchanged

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
    """Load a saved family as the worker does."""
    loaded = load_tiny(resolve_model(str(folder)))
    FAMILIES[name].shrink(loaded.pipe)
    return loaded
