"""What each tool does with its seed: on which device it draws, in which dtype, and how it mixes variations in.

The recipes follow the published sources of the tools. A recipe takes `draw(seed, shape)`, which draws the noise of a
whole picture, and returns noise of shape (C, H, W) in float32. Several tools draw as another one does, because they
are built on it; `WAYS` says which.

Two kinds of noise are refused because nobody can know them. NovelAI is a service that has not published how it draws.
`std_default` of stable-diffusion.cpp is std::default_random_engine behind std::normal_distribution: C++ leaves both to
the standard library that the program is built with, and the file does not name that library.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from latentpng.errors import InvalidValueError
from latentpng.foreign.names import TOOL_NAMES
from latentpng.foreign.noise.drawing import CPU, GPU, NUMPY, NV
from latentpng.foreign.noise.mixing import centred, invokeai_variation, sdnext_variation, web_ui_variation
from latentpng.foreign.record import ForeignRecord
from latentpng.text import brief

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Singles: TypeAlias = NDArray[np.float32]
    Shape: TypeAlias = tuple[int, int, int]
    Draw: TypeAlias = Callable[[int, Shape], Singles]
    Mix: TypeAlias = Callable[[float, Singles, Singles], Singles]

_INVOKEAI_2 = ("sd-metadata", "Dream")  # keywords that only versions 1 and 2 write


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
    "mochi": Recipe(randomness=NUMPY),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """The recipe of a tool that has none of its own name.

    Attributes:
        recipe: A key of `RECIPES`.
        dtype: The dtype that it draws on the CPU; "" for that of the recipe.
        doubt: Why this recipe is only assumed, as a sentence; "" when the tool is known to draw so.
    """

    recipe: str
    dtype: str = ""
    doubt: str = ""


WAYS = {
    "ruinedfooocus": Way(recipe="fooocus"),
    "imaginairy": Way(recipe="diffusers"),
    "stabilitymatrix": Way(recipe="comfyui"),
    "huggingface": Way(
        recipe="diffusers",
        dtype="coarse-float16",
        doubt="the file does not say how this space draws its noise, so that of diffusers on the CPU is assumed",
    ),
    "horde": Way(
        recipe="comfyui",
        doubt="the file does not say which worker of the AI Horde drew the noise, so that of ComfyUI is assumed",
    ),
    "civitai": Way(
        recipe="comfyui",
        doubt="Civitai does not say which program draws the noise of its generator, so that of ComfyUI is assumed",
    ),
}
"""Tools and sites that draw as another tool does."""
_MAKERS = {
    "civitai": "civitai",
    **dict.fromkeys(("ai horde", "artbot", "stable ui"), "horde"),
    **dict.fromkeys(("krita ai diffusion", "stability matrix"), "comfyui"),
}
"""Programs and sites by `made_by`, in lower case, that write the text of the web UI and draw in another way."""
COPIED_TEXTS = frozenset({"a1111", "forge"})
"""Tools whose text many programs write, so that it alone does not tell who drew the noise."""


def way_of(record: ForeignRecord, asked: str) -> Way:
    """Return the way in which a picture's noise was made.

    Args:
        record: What the file says.
        asked: The recipe to use whatever the record says; "" to follow the record.

    Raises:
        InvalidValueError: There is no such recipe, or the tool's recipe is not known.
    """
    if asked:
        if asked not in RECIPES:
            raise InvalidValueError(f"--as must be one of {known_recipes()}, found {brief(asked)}")
        return Way(recipe=asked)
    tool = record.tool
    if tool in COPIED_TEXTS:
        tool = _MAKERS.get(record.made_by.casefold(), tool)
    if tool == "invokeai" and (record.variations or dict(record.extra).get("keyword") in _INVOKEAI_2):
        return Way(recipe="invokeai2")
    if tool not in RECIPES and tool not in WAYS:
        problem = f"how {TOOL_NAMES.get(record.tool, record.tool)} draws its noise is not published"
        raise InvalidValueError(f"{problem}: choose a recipe with --as, one of {known_recipes()}")
    return WAYS.get(tool) or Way(recipe=tool)


def known_recipes() -> str:
    """Return the names that --as takes."""
    return ", ".join(RECIPES)


def noise_of(
    recipe: Recipe, record: ForeignRecord, seed: int, shape: Shape, inner: Shape | None, draw: Draw
) -> Singles:
    """Return the initial noise of a picture.

    Args:
        recipe: The recipe of the tool.
        record: What the file says: variations, and anything that makes the noise impossible to rebuild.
        seed: The seed of the picture.
        shape: The shape of its latent, (C, H, W).
        inner: The shape that the seed was first drawn at ("Seed resize from"); None for that of the latent.
        draw: Draws noise of a seed and a shape, float32, unit variance.

    Returns:
        Noise of this shape, float32.

    Raises:
        InvalidValueError: The file asks for something that the recipe does not have or that cannot be rebuilt.
    """
    _check(recipe, record)
    drawn = inner or shape
    noise = draw(seed, drawn)
    for other, strength in variations_of(record):
        if recipe.mix is not None and strength:
            noise = recipe.mix(strength, noise, draw(other, drawn))
    return centred(noise, draw(seed, shape)) if inner else noise


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
