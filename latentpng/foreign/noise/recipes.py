"""What each tool does with its seed: on which device it draws, in which dtype, and how it mixes variations in.

The recipes follow the published sources of the tools. A recipe takes `draw(seed, shape)`, which draws the noise of a
whole picture, and returns noise of shape (C, H, W) in float32.

Two kinds of noise are refused because nobody can know them. NovelAI is a service that has not published how it draws.
`std_default` of stable-diffusion.cpp is std::default_random_engine behind std::normal_distribution: C++ leaves both to
the standard library that the program is built with, and the file does not name that library.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from latentpng.errors import InvalidValueError
from latentpng.foreign.noise.drawing import CPU, GPU, NV
from latentpng.foreign.noise.mixing import centred, invokeai_variation, sdnext_variation, web_ui_variation
from latentpng.foreign.record import ForeignRecord
from latentpng.shapes import MAX_STORED, check_dims
from latentpng.text import brief

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Singles: TypeAlias = NDArray[np.float32]
    Shape: TypeAlias = tuple[int, int, int]
    Draw: TypeAlias = Callable[[int, Shape], Singles]
    Mix: TypeAlias = Callable[[float, Singles, Singles], Singles]

FACTORS = {4: 8, 16: 8, 32: 8, 128: 16}  # channels of the latent: pixels per side of a latent cell
_INVOKEAI_2 = ("sd-metadata", "Dream")  # keywords that only versions 1 and 2 write
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
    """How one tool makes its initial noise.

    Attributes:
        randomness: Which generator the tool uses when its file does not say: "cpu", "gpu", "nv"; "" when unknown.
        dtype: The dtype that it draws on the CPU, one of `torch_cpu.DTYPES`.
        mix: The function that mixes a variation in; None when the tool has no variations.
        whole_batch: True when the tool draws a whole batch at once, and a picture's noise is a slice of that draw.
        is_copy: True when the tool computes its "gpu" noise on the CPU ("nv").
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
    """Return the name of the recipe that made a picture's noise.

    Args:
        record: What the file says.
        asked: The recipe to use whatever the record says; "" to follow the record.

    Returns:
        A key of `RECIPES`.

    Raises:
        InvalidValueError: There is no such recipe, no tool was recognised, or the tool's recipe is not published.
    """
    known = ", ".join(RECIPES)
    if asked:
        if asked not in RECIPES:
            raise InvalidValueError(f"--as must be one of {known}, found {brief(asked)}")
        return asked
    if not record.tool:
        raise InvalidValueError(f"no metadata of a known tool was found: name the tool with --as, one of {known}")
    if record.tool == "invokeai" and (record.variations or dict(record.extra).get("keyword") in _INVOKEAI_2):
        return "invokeai2"
    if record.tool not in RECIPES:
        problem = f"how {record.tool} draws its noise is not published"
        raise InvalidValueError(f"{problem}: choose a recipe with --as, one of {known}")
    return record.tool


def noise_of(recipe: Recipe, record: ForeignRecord, seed: int, shape: Shape, draw: Draw) -> Singles:
    """Return the initial noise of a picture.

    Args:
        recipe: The recipe of the tool.
        record: What the file says: variations, resized seeds, and anything that makes the noise impossible to rebuild.
        seed: The seed of the picture.
        shape: The shape of its latent, (C, H, W).
        draw: Draws noise of a seed and a shape, float32, unit variance.

    Returns:
        Noise of this shape, float32.

    Raises:
        InvalidValueError: The file asks for something that the recipe does not have or that cannot be rebuilt.
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
        raise InvalidValueError("Perlin noise was mixed into the initial noise, and that cannot be rebuilt")
    if str(extra.get("rng", "")).lower().startswith("std"):
        raise InvalidValueError(
            "the noise was drawn by std_default, the generator of a C++ standard library that the file does not name"
        )
    variations = variations_of(record)
    if any(not 0.0 <= strength <= 1.0 for _, strength in variations):
        raise InvalidValueError(f"variation strengths must be from 0 to 1, found {brief([s for _, s in variations])}")
    if recipe.mix is None and any(strength for _, strength in variations):
        raise InvalidValueError("the metadata contains a variation, but the recipe has none")
    if record.variation_strength and record.variation_seed is None:
        raise InvalidValueError("the metadata contains the strength of a variation, but not its seed")


def variations_of(record: ForeignRecord) -> tuple[tuple[int, float], ...]:
    """Return (seed, strength) of each variation, in the order in which they are mixed in."""
    one = () if record.variation_seed is None else ((record.variation_seed, record.variation_strength),)
    return (*one, *record.variations)


def _cells(size: tuple[int, int], shape: Shape) -> Shape | None:
    """Return the latent shape of a different picture size in pixels; None for no size or for the same shape."""
    width, height = size
    if width <= 0 or height <= 0:
        return None
    factor = FACTORS[shape[0]]
    cells = (shape[0], height // factor, width // factor)
    check_dims(cells, MAX_STORED)
    return None if cells == shape else cells


def likely_channels(model: str) -> int:
    """Return the number of latent channels that the name of a model suggests; callers report it as assumed."""
    name = model.lower()
    if any(hint in name for hint in _FLUX_2):
        return 128
    return 16 if any(hint in name for hint in _SIXTEEN_CHANNELS) else 4
