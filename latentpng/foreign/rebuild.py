"""Rebuild the initial noise of another tool's picture from its metadata and from what a person chooses.

Whatever the file does not say is a named choice with a default, and `Rebuilt.source` lists the assumed ones. The same
noise does not yet make the same picture, so nothing here claims that; only rendering and comparing can.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from latentpng.errors import InvalidValueError
from latentpng.foreign.choices import Choices
from latentpng.foreign.noise import gpus
from latentpng.foreign.noise.drawing import CPU, GPU, NV, Drawing
from latentpng.foreign.noise.recipes import FACTORS, RECIPES, likely_channels, noise_of, recipe_name, variations_of
from latentpng.foreign.noise.torch_cpu import BLOCK, DEFAULT_ARITHMETIC, FLOAT32
from latentpng.foreign.record import ForeignRecord
from latentpng.json_fields import is_integer
from latentpng.record import Json, JsonObject
from latentpng.shapes import MAX_STORED, check_dims
from latentpng.text import brief

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Shape = tuple[int, int, int]

_MAX_VERSION = 80  # characters
_MAX_PICTURES = 2**20  # of a batch


@dataclass(frozen=True, kw_only=True, slots=True)
class Rebuilt:
    """The rebuilt noise of a picture.

    Attributes:
        noise: (C, H, W), float16, unit variance, not multiplied by any sigma; read-only.
        size: Width and height in pixels of the picture that the noise was drawn for.
        source: The provenance of the noise, under the keys of SPEC.md.
        assumed: The keys of `source` that neither the file nor the person said.
    """

    noise: NDArray[np.float16] = field(compare=False)
    size: tuple[int, int]
    source: JsonObject
    assumed: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Settled:
    """The choices after the defaults are filled in."""

    recipe: str
    seed: int
    size: tuple[int, int]
    shape: Shape
    drawing: Drawing


def rebuild(record: ForeignRecord, choices: Choices | None = None) -> Rebuilt:
    """Rebuild the noise that a tool started from.

    Args:
        record: What the file says.
        choices: What a person knows besides; nothing by default.

    Returns:
        The noise, and how it was made.

    Raises:
        InvalidValueError: The noise cannot be known; the message is one sentence that names the reason.
    """
    import numpy as np

    choices = choices or Choices()
    settled = _settle(record, choices)
    recipe = RECIPES[settled.recipe]
    noise = noise_of(recipe, record, settled.seed, settled.shape, settled.drawing.draw).astype(np.float16)
    noise.flags.writeable = False
    assumed = _assumed(record, choices, settled)
    return Rebuilt(noise=noise, size=settled.size, source=_source(record, settled, assumed), assumed=tuple(assumed))


def _settle(record: ForeignRecord, choices: Choices) -> _Settled:
    name = recipe_name(record, choices.tool)
    if record.seed is None:
        raise InvalidValueError("the metadata contains no seed")
    size = (record.width, record.height) if _has_size(record) else choices.picture
    channels = choices.channels or likely_channels(record.model)
    shape = (channels, size[1] // FACTORS[channels], size[0] // FACTORS[channels])
    check_dims(shape, MAX_STORED)
    return _Settled(recipe=name, seed=record.seed, size=size, shape=shape, drawing=_drawing(name, record, choices))


def _drawing(name: str, record: ForeignRecord, choices: Choices) -> Drawing:
    recipe = RECIPES[name]
    randomness = choices.randomness or record.randomness or recipe.randomness
    if not randomness:
        raise InvalidValueError(f"the file does not say where {name} drew its noise: choose with --randomness")
    if recipe.is_copy and randomness == GPU:
        randomness = NV
    index = choices.batch_index or (record.batch_index or 0 if recipe.whole_batch else 0)
    if index and not recipe.whole_batch:
        raise InvalidValueError(f"{name} gives each picture its own seed, so the batch index must be 0, found {index}")
    if index >= _MAX_PICTURES:
        raise InvalidValueError(f"the batch index must be below {_MAX_PICTURES}, found {brief(index)}")
    if index and randomness == GPU:
        raise InvalidValueError(f"only picture 0 of a batch drawn at once by a GPU can be rebuilt, found {index}")
    return Drawing(
        randomness=randomness,
        gpu=(choices.gpu or gpus.LARGE) if randomness == GPU else "",
        dtype=choices.dtype or (recipe.dtype if randomness == CPU else FLOAT32),
        arithmetic=(choices.arithmetic or DEFAULT_ARITHMETIC) if randomness == CPU else "",
        batch_index=index,
        batch_size=max(index + 1, choices.batch_size or _written_batch(record)) if recipe.whole_batch else 1,
    )


def _assumed(record: ForeignRecord, choices: Choices, settled: _Settled) -> list[str]:
    """Return the keys of `source` that neither the file nor the person said."""
    whole = RECIPES[settled.recipe].whole_batch
    odd = math.prod(settled.shape) % BLOCK != 0  # only then does the noise depend on the batch size
    unsaid = {
        "size": not _has_size(record),
        "channels": not choices.channels,
        "randomness": not (choices.randomness or record.randomness),
        "gpu": settled.drawing.gpu and not choices.gpu,
        "dtype": not choices.dtype and settled.drawing.dtype != FLOAT32,
        "arithmetic": settled.drawing.arithmetic and not choices.arithmetic,
        "batch_index": whole and choices.batch_index is None and record.batch_index is None,
        "batch_size": whole and odd and not (choices.batch_size or _written_batch(record)),
    }
    return [name for name, is_unsaid in unsaid.items() if is_unsaid]


def _source(record: ForeignRecord, settled: _Settled, assumed: list[str]) -> dict[str, Json]:
    whole = RECIPES[settled.recipe].whole_batch
    optional: dict[str, Json] = {
        "version": record.version[:_MAX_VERSION],
        "gpu": settled.drawing.gpu,
        "arithmetic": settled.drawing.arithmetic,
        "batch_index": settled.drawing.batch_index if whole else None,
        "batch_size": settled.drawing.batch_size if whole and math.prod(settled.shape) % BLOCK else None,
        "variations": [[str(seed), float(strength)] for seed, strength in variations_of(record) if strength],
        "resized_from": list(record.resized_from) if min(record.resized_from) > 0 else [],
        "assumed": assumed,
    }
    if settled.drawing.gpu:
        optional["gpu_matters"] = gpus.chip_matters(math.prod(settled.shape))
    source: dict[str, Json] = {
        "tool": record.tool or settled.recipe,
        "recipe": settled.recipe,
        "seed": str(settled.seed),
        "size": list(settled.size),
        "channels": settled.shape[0],
        "randomness": settled.drawing.randomness,
        "dtype": settled.drawing.dtype,
        "stored": "rounded to float16",
    }
    return source | {key: value for key, value in optional.items() if value not in ("", None, [])}


def _has_size(record: ForeignRecord) -> bool:
    return min(record.width, record.height) > 0


def _written_batch(record: ForeignRecord) -> int:
    size = dict(record.extra).get("batch_size")
    return size if is_integer(size) and size > 0 else 0
