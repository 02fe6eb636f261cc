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
from latentpng.foreign.names import TOOL_NAMES
from latentpng.foreign.noise import gpus
from latentpng.foreign.noise.drawing import CPU, GPU, NUMPY, NV, Drawing
from latentpng.foreign.noise.latents import Latent
from latentpng.foreign.noise.recipes import RECIPES, Way, noise_of, variations_of, way_of
from latentpng.foreign.noise.torch_cpu import BLOCK, DEFAULT_ARITHMETIC, FLOAT32
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.refusals import refuse
from latentpng.foreign.sizes import latent_of, shape_of
from latentpng.json_fields import is_integer
from latentpng.record import Json, JsonObject
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
        doubt: Why the recipe itself is only assumed, as a sentence; "" when it is that of the tool.
    """

    noise: NDArray[np.float16] = field(compare=False)
    size: tuple[int, int]
    source: JsonObject
    assumed: tuple[str, ...]
    doubt: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Settled:
    """The choices after the defaults are filled in."""

    way: Way
    seed: int
    size: tuple[int, int]
    shape: Shape
    inner: Shape | None
    drawing: Drawing

    @property
    def whole_batch(self) -> bool:
        """Whether the recipe draws a whole batch at once."""
        return RECIPES[self.way.recipe].whole_batch


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
    recipe, drawing = RECIPES[settled.way.recipe], settled.drawing
    noise = noise_of(recipe, record, settled.seed, settled.shape, settled.inner, drawing.draw).astype(np.float16)
    noise.flags.writeable = False
    assumed = _assumed(record, choices, settled)
    return Rebuilt(
        noise=noise,
        size=settled.size,
        source=_source(record, settled, assumed),
        assumed=tuple(assumed),
        doubt=settled.way.doubt,
    )


def _settle(record: ForeignRecord, choices: Choices) -> _Settled:
    refuse(record, choices)
    way, latent = way_of(record, choices.tool), latent_of(record, choices)
    size = (record.width, record.height) if _has_size(record) else choices.picture
    shape = shape_of(size, latent)
    return _Settled(
        way=way,
        seed=record.seed or 0,  # a record without a seed was refused
        size=size,
        shape=shape,
        inner=_inner(record, shape, latent),
        drawing=_drawing(way, record, choices),
    )


def _inner(record: ForeignRecord, shape: Shape, latent: Latent) -> Shape | None:
    """Return the shape that the seed's noise was first drawn at; None for that of the picture."""
    if min(record.resized_from) <= 0:
        return None
    inner = shape_of(record.resized_from, latent)
    return None if inner == shape else inner


def _drawing(way: Way, record: ForeignRecord, choices: Choices) -> Drawing:
    name, recipe = way.recipe, RECIPES[way.recipe]
    randomness = choices.randomness or record.randomness or recipe.randomness
    if not randomness:
        tool = TOOL_NAMES.get(name, name)
        raise InvalidValueError(f"the file does not say where {tool} drew its noise: choose with --randomness")
    if recipe.is_copy and randomness == GPU:
        randomness = NV
    index = choices.batch_index or (record.batch_index or 0 if recipe.whole_batch else 0)
    if index and not recipe.whole_batch:
        raise InvalidValueError(f"{name} gives each picture its own seed, so the batch index must be 0, found {index}")
    if index >= _MAX_PICTURES:
        raise InvalidValueError(f"the batch index must be below {_MAX_PICTURES}, found {brief(index)}")
    if index and randomness in (GPU, NUMPY):
        by = "a GPU" if randomness == GPU else "NumPy"
        raise InvalidValueError(f"only picture 0 of a batch drawn at once by {by} can be rebuilt, found {index}")
    return Drawing(
        randomness=randomness,
        gpu=(choices.gpu or gpus.LARGE) if randomness == GPU else "",
        dtype=choices.dtype or (way.dtype or recipe.dtype if randomness == CPU else FLOAT32),
        arithmetic=(choices.arithmetic or DEFAULT_ARITHMETIC) if randomness == CPU else "",
        batch_index=index,
        batch_size=max(index + 1, choices.batch_size or _written_batch(record)) if recipe.whole_batch else 1,
    )


def _assumed(record: ForeignRecord, choices: Choices, settled: _Settled) -> list[str]:
    """Return the keys of `source` that neither the file nor the person said."""
    whole = settled.whole_batch
    odd = math.prod(settled.shape) % BLOCK != 0  # only then does the noise depend on the batch size
    unsaid = {
        "recipe": settled.way.doubt,
        "size": not _has_size(record),
        "channels": settled.shape[0] not in (choices.channels, record.channels),
        "randomness": not (choices.randomness or record.randomness),
        "gpu": settled.drawing.gpu and not choices.gpu,
        "dtype": not choices.dtype and settled.drawing.dtype != FLOAT32,
        "arithmetic": settled.drawing.arithmetic and not choices.arithmetic,
        "batch_index": whole and choices.batch_index is None and record.batch_index is None,
        "batch_size": whole and odd and not (choices.batch_size or _written_batch(record)),
    }
    return [name for name, is_unsaid in unsaid.items() if is_unsaid]


def _source(record: ForeignRecord, settled: _Settled, assumed: list[str]) -> dict[str, Json]:
    whole = settled.whole_batch
    optional: dict[str, Json] = {
        "version": record.version[:_MAX_VERSION],
        "made_by": record.made_by[:_MAX_VERSION],
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
        "tool": record.tool or settled.way.recipe,
        "recipe": settled.way.recipe,
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
