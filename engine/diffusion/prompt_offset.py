"""The embeddings of a prompt moved for each picture of a batch, as its lineage says: latentpng/SPEC.md, section 7.

Works on what a pipeline's `encode_prompt` returns.  Which of it embeds the prompt itself is told by the names in its
return statement: there is no table of families, and a pipeline that names nothing so is refused.
"""

from __future__ import annotations

import ast
import inspect
import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from engine.errors import RenderError
from latentpng.noise.prompt_offset import prompt_offset
from latentpng.noise.replay import Tell
from latentpng.record import Lineage

_SPREADS = 2.0
"""An offset of 1 is so many spreads of its token."""
_TO_DEVIATION = math.sqrt(math.pi / 2.0)
"""Makes the mean distance from the mean the standard deviation, for Gaussian values."""


@dataclass(slots=True)
class PromptMove:
    """Where the prompt goes in each picture of one batch.

    lineages: of the pictures, in their order.  shapes: of the embeddings that were moved, for one picture; () before.
    """

    lineages: Sequence[Lineage]
    tell: Tell | None = None
    shapes: tuple[tuple[int, ...], ...] = field(default=())

    def applied(self, encoded: Any, places: tuple[int, ...]) -> Any:
        """What `encode_prompt` returned for one picture, as it is for the batch where it embeds the prompt."""
        parts = encoded if isinstance(encoded, tuple) else (encoded,)
        moved = {place: self._moved(number, parts[place]) for number, place in enumerate(places)}
        together = tuple(moved.get(place, part) for place, part in enumerate(parts))
        return together if isinstance(encoded, tuple) else together[0]

    def _moved(self, number: int, value: Any) -> Any:
        """One embedding: a tensor of one picture becomes that of all; a list likewise."""
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], torch.Tensor):
            return self._pictures(number, value[0])
        place = picture_axis(value) if isinstance(value, torch.Tensor) else -1
        if place < 0 or value.shape[place] != 1:
            raise RenderError("this model's prompt embeddings are not one a picture: only its noise can vary")
        return torch.stack(self._pictures(number, value.select(place, 0)), dim=place)

    def _pictures(self, number: int, embedding: torch.Tensor) -> list[torch.Tensor]:
        self.shapes = (*self.shapes, tuple(embedding.shape))
        values = embedding.detach().cpu().to(torch.float64).numpy()
        unit = unit_of(values)
        return [
            torch.from_numpy((values + unit * self._offset(lineage, number, values)).astype(np.float32)).to(embedding)
            if lineage.moves_prompt
            else embedding
            for lineage in self.lineages
        ]

    def _offset(self, lineage: Lineage, number: int, values: Any) -> Any:
        return prompt_offset(lineage, number, values.size, self.tell).astype(np.float64).reshape(values.shape)


def unit_of(values: Any) -> Any:
    """How far an offset of 1 moves the values of each token: float64, (..., 1) for (..., D)."""
    spread = np.abs(values - values.mean(axis=-1, keepdims=True)).mean(axis=-1, keepdims=True)
    return _SPREADS * _TO_DEVIATION * spread


def picture_axis(value: torch.Tensor) -> int:
    """Which axis counts the pictures: HiDream stacks layers before them."""
    return 1 if value.ndim == 4 and value.shape[1] == 1 else 0


def embedding_places(encode: Callable[..., Any] | None) -> tuple[int, ...]:
    """Where, in what `encode_prompt` returns, the embeddings of the prompt stand; () when its source does not tell."""
    if encode is None:
        return ()
    try:
        source = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(encode))))
    except (OSError, TypeError, SyntaxError):
        return ()
    returned = [node.value for node in ast.walk(source) if isinstance(node, ast.Return) and node.value is not None]
    for value in reversed(returned):
        names = [ast.unparse(part) for part in (value.elts if isinstance(value, ast.Tuple) else (value,))]
        if places := tuple(place for place, name in enumerate(names) if _embeds_prompt(name)):
            return places
    return ()


def _embeds_prompt(name: str) -> bool:
    return "embeds" in name and "negative" not in name and "mask" not in name


def shapes_text(shapes: tuple[tuple[int, ...], ...]) -> str:
    """ "77x768, 1280": what the file says was moved."""
    return ", ".join("x".join(map(str, shape)) for shape in shapes)
