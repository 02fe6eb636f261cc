"""The embeddings of a prompt, offset for each picture of a batch as its lineage says: latentpng/SPEC.md, section 7."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.diffusion.seams.prompts import picture_axis
from engine.errors import RenderError
from latentpng.noise.prompt_offset import prompt_offset
from latentpng.noise.replay import OnProgress
from latentpng.record import Lineage

_SPREADS = 2.0
"""An offset of 1 moves a value by this many standard deviations of its token."""
_MEAN_TO_STANDARD_DEVIATION = math.sqrt(math.pi / 2.0)
"""The standard deviation of Gaussian values, divided by their mean absolute deviation."""


@dataclass(slots=True)
class PromptOffsets:
    """The offsets of the prompt in the pictures of one batch.

    Attributes:
        lineages: Of the pictures, by slot.
        on_progress: Called after every round that is replayed; it may raise an exception to cancel.
        shapes: The shapes of the embeddings that were offset, for one picture; empty until `apply` was called.
    """

    lineages: Sequence[Lineage]
    on_progress: OnProgress | None = None
    shapes: tuple[tuple[int, ...], ...] = field(default=())

    def apply(self, encoded: Any, indices: tuple[int, ...]) -> Any:
        """Return what `encode_prompt` returned for one picture, with the embeddings of all pictures in it.

        Args:
            encoded: The result of `encode_prompt`: one value or a tuple of them.
            indices: Where the result holds embeddings of the prompt.

        Raises:
            RenderError: An embedding does not belong to a single picture.
        """
        parts = encoded if isinstance(encoded, tuple) else (encoded,)
        offset = {index: self._for_batch(number, parts[index]) for number, index in enumerate(indices)}
        together = tuple(offset.get(index, part) for index, part in enumerate(parts))
        return together if isinstance(encoded, tuple) else together[0]

    def _for_batch(self, number: int, value: Any) -> Any:
        """Return embedding `number`, a tensor or a list of one tensor, for all pictures of the batch."""
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], torch.Tensor):
            return self._for_each_picture(number, value[0])
        axis = picture_axis(value) if isinstance(value, torch.Tensor) else -1
        if axis < 0 or value.shape[axis] != 1:
            raise RenderError(
                "this model's prompt embeddings are not separate for each picture: use a variation of the noise alone"
            )
        return torch.stack(self._for_each_picture(number, value.select(axis, 0)), dim=axis)

    # An offset is unit noise, but the scale of embeddings differs from family to family and from token to token.  So
    # each token is moved in units of its own spread.  The sum is computed in float64 and rounded to float32 before it
    # is rounded to the embedding's dtype, so that every device and dtype starts from the same numbers.
    def _for_each_picture(self, number: int, embedding: torch.Tensor) -> list[torch.Tensor]:
        self.shapes = (*self.shapes, tuple(embedding.shape))
        values = embedding.detach().cpu().to(torch.float64).numpy()
        unit = offset_unit(values)
        return [
            torch.from_numpy((values + unit * self._offset(lineage, number, values)).astype(np.float32)).to(embedding)
            if lineage.moves_prompt
            else embedding
            for lineage in self.lineages
        ]

    def _offset(self, lineage: Lineage, number: int, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return prompt_offset(lineage, number, values.size, self.on_progress).astype(np.float64).reshape(values.shape)


def offset_unit(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by how much an offset of 1 moves the values of each token (latentpng/SPEC.md, section 7).

    Args:
        values: (..., D) embeddings of tokens.

    Returns:
        (..., 1): twice the standard deviation of each token, estimated from its mean absolute deviation, which single
        large values hardly change.
    """
    deviation: NDArray[np.float64] = np.abs(values - values.mean(axis=-1, keepdims=True)).mean(axis=-1, keepdims=True)
    return _SPREADS * _MEAN_TO_STANDARD_DEVIATION * deviation


def shapes_text(shapes: tuple[tuple[int, ...], ...]) -> str:
    """Return shapes of embeddings as a picture's file records them: "77x768, 1280"."""
    return ", ".join("x".join(map(str, shape)) for shape in shapes)
