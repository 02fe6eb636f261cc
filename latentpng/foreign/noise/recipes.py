"""What each tool does with its seed: where it draws, in which steps, and how it mixes variations in.

Read from the tools' sources.  A recipe takes `draw(seed, shape)`, which draws a whole picture's noise, and gives noise
of shape (C, H, W) in float32.

Two are refused, because what they drew cannot be known.  NovelAI is a service that has told neither where nor how it
draws.  `std_default` of stable-diffusion.cpp is std::default_random_engine behind std::normal_distribution: C++ leaves
both to the library that a program is built with, and the file does not name it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from latentpng.errors import InvalidValueError
from latentpng.foreign.noise.drawing import CPU, GPU, NV
from latentpng.foreign.noise.mixing import centred, invokeai_variation, sdnext_variation, web_ui_variation
from latentpng.foreign.record import ForeignRecord
from latentpng.shapes import check_dims
from latentpng.text import brief

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Singles: TypeAlias = NDArray[np.float32]
    Shape: TypeAlias = tuple[int, int, int]
    Draw: TypeAlias = Callable[[int, Shape], Singles]
    Mix: TypeAlias = Callable[[float, Singles, Singles], Singles]

FACTORS = {4: 8, 16: 8, 32: 8, 128: 16}  # pixels a latent cell, by channels of the latent
_INVOKEAI_2 = ("sd-metadata", "Dream")  # keywords that newer versions do not write
_FLUX_2 = ("flux2", "flux.2", "flux-2", "flux_2", "klein")
_SIXTEEN_CHANNELS = (
    "flux",
    "sd3",
    "sd-3",
    "sd 3",
    "stable-diffusion-3",
    "chroma",
    "qwen",
    "z-image",
    "z_image",
    "wan2",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """randomness: where the tool draws when its file does not say; "" when nothing can be assumed.

    dtype: what it draws; see torch_cpu.  mix: how a variation is mixed in, None where the tool has none.
    whole_batch: it draws the noise of a batch at once, and a picture is a slice of that.
    is_copy: its "gpu" noise is computed on the CPU.
    """

    randomness: str
    dtype: str = "float32"
    mix: Mix | None = None
    whole_batch: bool = False
    is_copy: bool = False


RECIPES = {
    "a1111": Recipe(randomness=GPU, mix=web_ui_variation),
    "forge": Recipe(randomness=GPU, mix=web_ui_variation),
    "sdnext": Recipe(randomness=GPU, mix=sdnext_variation),
    "comfyui": Recipe(randomness=CPU, whole_batch=True),
    "fooocus": Recipe(randomness=CPU),
    "swarmui": Recipe(randomness=CPU, mix=web_ui_variation),
    "invokeai": Recipe(randomness=CPU, dtype="coarse-float16"),
    "invokeai2": Recipe(randomness=GPU, mix=invokeai_variation),
    "diffusers": Recipe(randomness=CPU),
    "sdcpp": Recipe(randomness=NV, is_copy=True),
    "drawthings": Recipe(randomness="", whole_batch=True, is_copy=True),
}


def recipe_name(record: ForeignRecord, asked: str) -> str:
    """Which recipe made a picture.  asked: the one to take whatever the record says, or "".  InvalidValueError."""
    known = ", ".join(RECIPES)
    if asked:
        if asked not in RECIPES:
            raise InvalidValueError(f"noise is rebuilt as that of {known}, found {brief(asked)}")
        return asked
    if not record.tool:
        raise InvalidValueError(f"no metadata of a tool that is known: --as names one of {known}")
    if record.tool == "invokeai" and (record.variations or dict(record.extra).get("keyword") in _INVOKEAI_2):
        return "invokeai2"
    if record.tool not in RECIPES:
        raise InvalidValueError(f"{record.tool} does not tell how it draws its noise: --as names one of {known}")
    return record.tool


def noise_of(recipe: Recipe, record: ForeignRecord, seed: int, shape: Shape, draw: Draw) -> Singles:
    """The initial noise of a picture: shape (C, H, W), float32.

    InvalidValueError when the recipe has no such variation.
    """
    _check(recipe, record)
    resized = _cells(record.resized_from, shape)
    drawn = resized or shape
    noise = draw(seed, drawn)
    for other, strength in variations_of(record):
        if recipe.mix is not None and strength:
            noise = recipe.mix(strength, noise, draw(other, drawn))
    return centred(noise, draw(seed, shape)) if resized else noise


def _check(recipe: Recipe, record: ForeignRecord) -> None:
    extra = {name.lower(): value for name, value in record.extra}
    if extra.get("perlin") not in (None, 0, 0.0, False, "0", "0.0", ""):
        raise InvalidValueError("Perlin noise is mixed into it, which cannot be rebuilt")
    if str(extra.get("rng", "")).lower().startswith("std"):
        raise InvalidValueError(
            "std_default drew it, the generator of whichever C++ library it was built with: the file does not say"
        )
    variations = variations_of(record)
    if any(not 0.0 <= strength <= 1.0 for _, strength in variations):
        raise InvalidValueError(f"the strength of a variation is 0 to 1, found {brief([s for _, s in variations])}")
    if recipe.mix is None and any(strength for _, strength in variations):
        raise InvalidValueError("this recipe has no variations, found one")
    if record.variation_strength and record.variation_seed is None:
        raise InvalidValueError("a variation needs a seed, found its strength alone")


def variations_of(record: ForeignRecord) -> tuple[tuple[int, float], ...]:
    """(seed, strength) of what is mixed in, in order."""
    one = () if record.variation_seed is None else ((record.variation_seed, record.variation_strength),)
    return (*one, *record.variations)


def _cells(size: tuple[int, int], shape: Shape) -> Shape | None:
    """The shape of the noise of another picture size; None when there is none, or it is the same."""
    width, height = size
    if width <= 0 or height <= 0:
        return None
    factor = FACTORS[shape[0]]
    cells = (shape[0], height // factor, width // factor)
    check_dims(cells)
    return None if cells == shape else cells


def likely_channels(model: str) -> int:
    """What the name of a model hints at.  A default, which whoever uses it tells as assumed."""
    name = model.lower()
    if any(hint in name for hint in _FLUX_2):
        return 128
    return 16 if any(hint in name for hint in _SIXTEEN_CHANNELS) else 4
