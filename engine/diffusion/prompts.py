"""Encoded prompts in a cache: from the second round on, no text encoder runs.

A batch asks for n times the same prompt.  It is encoded once, alone, and repeated, so that the embedding does not
depend on n.  Where the prompts of single pictures are offset (`prompt_offset.py`), each picture gets its own embedding;
the cache holds the one without an offset.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import torch

from engine.diffusion.prompt_offset import PromptOffsets
from engine.diffusion.seams.prompts import Encode, embedding_indices, intercept_encode_prompt, picture_axis
from engine.errors import RenderError
from latentpng.lru import LruCache

_MAX_PROMPTS = 8
"""Each takes up to a few megabytes."""


class PromptCache:
    """A cache before the `encode_prompt` of one pipeline; `clear` it when the text encoders change (a LoRA)."""

    def __init__(self, pipe: Any) -> None:
        self.hits = 0
        self._encoded: LruCache[str, Any] = LruCache(max_entries=_MAX_PROMPTS)
        self._pipeline = type(pipe).__name__
        self._indices = embedding_indices(getattr(pipe, "encode_prompt", None))
        self._offsets: PromptOffsets | None = None
        intercept_encode_prompt(pipe, self._respond)

    def __len__(self) -> int:
        return len(self._encoded)

    @contextlib.contextmanager
    def offset_by(self, offsets: PromptOffsets) -> Iterator[None]:
        """Offset the first prompt that the pipeline encodes while the context is open; later ones are negative.

        Args:
            offsets: The offsets of one batch.

        Raises:
            RenderError: The pipeline has no embeddings that are known to be those of the prompt.
        """
        if not self._indices:
            raise self._no_embeddings()
        self._offsets = offsets
        try:
            yield
        finally:
            self._offsets = None
        if not offsets.shapes:
            raise self._no_embeddings()

    def clear(self) -> None:
        """Forget all prompts."""
        self._encoded.clear()

    def _no_embeddings(self) -> RenderError:
        return RenderError(
            f"{self._pipeline} has no prompt embeddings that can be varied: use a variation of the noise alone"
        )

    def _respond(self, encode: Encode, call: inspect.BoundArguments) -> Any:
        single, count = _for_one_prompt(call.arguments)
        offsets, self._offsets = self._offsets, None
        if count == 0 or not _has_plain_values(single):
            if offsets is not None:
                raise self._no_embeddings()
            return encode(*call.args, **call.kwargs)
        encoded = self._encode_once(encode, single)
        return _repeated(encoded if offsets is None else offsets.apply(encoded, self._indices), count)

    def _encode_once(self, encode: Encode, arguments: Mapping[str, Any]) -> Any:
        key = repr(sorted(arguments.items()))
        if key in self._encoded:
            self.hits += 1
        return self._encoded.get_or_compute(key, lambda: encode(**arguments), size_of=lambda _: 1)


def _for_one_prompt(arguments: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """Return the arguments for a single prompt, and how often it was given; 0 if the prompts are not all equal."""
    prompts = {name: value for name, value in arguments.items() if "prompt" in name and _is_texts(value)}
    counts = {len(value) for value in prompts.values()}
    if len(counts) > 1 or any(len(set(value)) > 1 for value in prompts.values()):
        return dict(arguments), 0
    return {**arguments, **{name: value[:1] for name, value in prompts.items()}}, counts.pop() if counts else 1


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(text, str) for text in value)


def _has_plain_values(arguments: Mapping[str, Any]) -> bool:
    """Return whether the `repr` of the arguments tells them apart, as it does not for tensors and pictures."""
    plain = (str, int, float, bool, torch.device, torch.dtype, type(None))
    flat = (part for value in arguments.values() for part in (value if isinstance(value, list | tuple) else (value,)))
    return all(isinstance(part, plain) for part in flat)


def _repeated(value: Any, count: int) -> Any:
    """Return what was encoded for one picture as it is for `count` of them; what belongs to no picture stays."""
    if isinstance(value, torch.Tensor):
        pictures = picture_axis(value)
        repeats = [count if axis == pictures else 1 for axis in range(value.ndim)]
        return value.repeat(repeats) if value.ndim and value.shape[pictures] == 1 else value
    if isinstance(value, tuple):
        return tuple(_repeated(part, count) for part in value)
    if isinstance(value, list) and len(value) == 1:
        return value * count
    return value
