"""Encoded prompts in a cache: from the second round on, no text encoder runs.

A batch asks for n times the same prompt.  It is encoded once, alone, and repeated, so that the embedding does not
depend on n.  Where the prompts of single pictures are offset (`prompt_offset.py`), each picture gets its own embedding;
the cache holds the one without an offset.  Prompts with weights are encoded by `weighted_prompts.py`.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import torch

from engine.diffusion.embeddings import NO_EMBEDDINGS, Embeddings
from engine.diffusion.prompt_offset import PromptOffsets
from engine.diffusion.prompt_warnings import prompt_warnings
from engine.diffusion.seams.prompts import Encode, embedding_indices, intercept_encode_prompt, picture_axis
from engine.diffusion.seams.tokenizers import Reading, watch_tokenizers
from engine.diffusion.weighted_prompts import Style, encode_weighted, same_length
from engine.errors import RenderError
from engine.models.prompt_styles import takes_weights
from engine.rendering.settings import PromptStyle, RenderSettings
from latentpng.lru import LruCache

_MAX_PROMPTS = 8
"""Each takes up to a few megabytes."""


class PromptCache:
    """A cache before the `encode_prompt` of one pipeline; `clear` it when the text encoders change (a LoRA)."""

    def __init__(self, pipe: Any) -> None:
        self.hits = 0
        self._encoded: LruCache[str, tuple[Any, tuple[Reading, ...]]] = LruCache(max_entries=_MAX_PROMPTS)
        self._pipe, self._pipeline = pipe, type(pipe).__name__
        self._takes_weights = takes_weights(self._pipeline)
        self._embeddings, self._style = NO_EMBEDDINGS, Style()
        self._readings: list[Reading] = []
        self._indices = embedding_indices(getattr(pipe, "encode_prompt", None))
        self._offsets: PromptOffsets | None = None
        intercept_encode_prompt(pipe, self._respond)
        watch_tokenizers(pipe, self._readings.append)

    def __len__(self) -> int:
        return len(self._encoded)

    @property
    def embeddings(self) -> Embeddings:
        """The textual inversions that prompts may name."""
        return self._embeddings

    def use(self, embeddings: Embeddings) -> None:
        """Let prompts name these textual inversions from now on, and no others."""
        self._embeddings = embeddings

    @contextlib.contextmanager
    def reading(self, settings: RenderSettings) -> Iterator[list[str]]:
        """Encode prompts in the style of these settings while the context is open.

        Args:
            settings: What is rendered.

        Yields:
            A list that holds, when the context is closed, a sentence for each part of a prompt that was left out.

        Raises:
            RenderError: The pipeline has text encoders that know no such style.
        """
        styled = settings.prompt_style != PromptStyle.PLAIN
        if styled and not self._takes_weights:
            raise RenderError(
                f"prompts of {self._pipeline} have no style {settings.prompt_style}, which is for Stable Diffusion 1 "
                "and 2 and SDXL: add --prompt-style plain"
            )
        self._style = Style(
            style=settings.prompt_style,
            clip_skip=settings.clip_skip if self._takes_weights else 0,
            embeddings=self._embeddings if styled else NO_EMBEDDINGS,
        )
        self._readings.clear()
        warnings: list[str] = []
        try:
            yield warnings
            warnings += prompt_warnings(
                self._pipe, settings, self._style, self._readings, takes_weights=self._takes_weights
            )
        finally:
            self._style = Style()

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
        encoded = encoded if offsets is None else offsets.apply(encoded, self._indices)
        return _repeated(encoded if self._style.is_plain else same_length(encoded), count)

    def _encode_once(self, encode: Encode, arguments: Mapping[str, Any]) -> Any:
        def compute() -> tuple[Any, tuple[Reading, ...]]:
            before = len(self._readings)
            if self._style.is_plain:
                encoded = encode(**arguments)
            else:
                encoded = encode_weighted(self._pipe, encode, arguments, self._style)
            return encoded, tuple(self._readings[before:])

        key = repr((sorted(arguments.items()), self._style.key))
        is_known = key in self._encoded
        encoded, readings = self._encoded.get_or_compute(key, compute, size_of=lambda _: 1)
        if is_known:
            self.hits += 1
            self._readings += readings
        return encoded


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
