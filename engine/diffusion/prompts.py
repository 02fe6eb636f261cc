"""Encoded prompts in a cache: from the second round on, no text encoder runs.

A batch asks for n times the same prompt.  It is encoded once, alone, and repeated, so that the embedding does not
depend on n.  Where the prompts of single pictures are offset (`prompt_offset.py`), each picture gets its own embedding;
the cache holds the one without an offset.  Prompts with weights are encoded by `weighted_prompts.py`.
"""

from __future__ import annotations

import contextlib
import inspect
import math
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

import torch

from engine.diffusion.embeddings import NO_EMBEDDINGS, Embeddings
from engine.diffusion.prompt_offset import PromptOffsets
from engine.diffusion.prompt_styles import Style
from engine.diffusion.prompt_warnings import prompt_warnings
from engine.diffusion.seams.prompts import Encode, embedding_indices, intercept_encode_prompt, picture_axis
from engine.diffusion.seams.tokenizers import Reading, heard_log, watch_tokenizers
from engine.diffusion.weighted_prompts import encode_weighted, same_length
from engine.errors import RenderError
from engine.models.prompt_styles import takes_weights
from engine.rendering.settings import PromptStyle, RenderSettings
from latentpng.json_fields import is_integer
from latentpng.lru import LruCache

_MAX_PROMPTS = 8
"""Each takes up to a few megabytes."""
_BATCH_SIZES = frozenset({"batch_size", "prompt_batch_size", "num_prompts"})
"""Arguments of `encode_prompt` that say how many prompts it is given (HunyuanImage)."""
_PER_PROMPT = re.compile(r"num_\w+_per_prompt")
"""Arguments of `encode_prompt` that say how many pictures each prompt is for."""


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
            with heard_log(self._pipe, self._readings.append):
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
        single, count = _for_one_prompt(call)
        offsets, self._offsets = self._offsets, None
        if count == 0 or not _has_plain_values(single.arguments):
            if offsets is not None:
                raise self._no_embeddings()
            return encode(*call.args, **call.kwargs)
        encoded = self._encode_once(encode, single)
        together = self._for_pictures(encoded, count, offsets)
        return together if self._style.is_plain else same_length(together)

    def _for_pictures(self, encoded: Any, count: int, offsets: PromptOffsets | None) -> Any:
        """Return what was encoded for one picture as it is for `count` of them, each with its own offset."""
        together = _repeated(encoded, count)
        if offsets is None:
            return together
        moved = offsets.apply(encoded, self._indices)
        if not isinstance(encoded, tuple):
            return moved
        return tuple((moved if index in self._indices else together)[index] for index in range(len(encoded)))

    def _encode_once(self, encode: Encode, call: inspect.BoundArguments) -> Any:
        def compute() -> tuple[Any, tuple[Reading, ...]]:
            before = len(self._readings)
            if self._style.is_plain:
                encoded = encode(*call.args, **call.kwargs)
            else:
                encoded = encode_weighted(self._pipe, encode, call.arguments, self._style)
            return encoded, tuple(self._readings[before:])

        key = repr((sorted(call.arguments.items()), self._style.key))
        is_known = key in self._encoded
        encoded, readings = self._encoded.get_or_compute(key, compute, size_of=lambda _: 1)
        if is_known:
            self.hits += 1
            self._readings += readings
        return encoded


def _for_one_prompt(call: inspect.BoundArguments) -> tuple[inspect.BoundArguments, int]:
    """Return the call for a single picture, and how many pictures it was made for; 0 if that is not known.

    It is not if the prompts of the pictures differ, or if the arguments name several batch sizes.
    """
    single = inspect.BoundArguments(call.signature, OrderedDict(call.arguments))
    lists = {name: value for name, value in call.arguments.items() if "prompt" in name and _is_per_picture(value)}
    sizes = {name: value for name, value in call.arguments.items() if name in _BATCH_SIZES and is_integer(value)}
    each = {name: value for name, value in call.arguments.items() if _PER_PROMPT.fullmatch(name) and is_integer(value)}
    counts = {len(value) for value in lists.values()} | set(sizes.values())
    if len(counts) > 1 or any(one != value[0] for value in lists.values() for one in value):
        return single, 0
    single.arguments.update({name: value[:1] for name, value in lists.items()})
    single.arguments.update(dict.fromkeys((*sizes, *each), 1))
    return single, (counts.pop() if counts else 1) * math.prod(each.values())


def _is_per_picture(value: Any) -> bool:
    """Return whether an argument has one text, or None for no text, for each picture."""
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(text, str | None) for text in value)


def _has_plain_values(arguments: Mapping[str, Any]) -> bool:
    """Return whether the `repr` of the arguments tells them apart, as it does not for tensors and pictures."""
    plain = (str, int, float, bool, torch.device, torch.dtype, type(None))
    flat = (part for value in arguments.values() for part in _parts(value))
    return all(isinstance(part, plain) for part in flat)


def _parts(value: Any) -> tuple[Any, ...]:
    if isinstance(value, Mapping):
        return tuple(value.values())
    return tuple(value) if isinstance(value, list | tuple) else (value,)


# Some families return lists: one embedding for each picture (Z-Image: tokens and width, no axis for pictures), or one
# for each layer of the text encoder (Bria FIBO: each with an axis for pictures).  Kandinsky 5 says where texts begin.
def _repeated(value: Any, count: int) -> Any:
    """Return what was encoded for one picture as it is for `count` of them; what belongs to no picture stays."""
    if isinstance(value, torch.Tensor):
        if _is_where_texts_begin(value):
            return torch.arange(count + 1, dtype=value.dtype, device=value.device) * value[1]
        pictures = picture_axis(value)
        repeats = [count if axis == pictures else 1 for axis in range(value.ndim)]
        return value.repeat(repeats) if value.ndim and value.shape[pictures] == 1 else value
    if isinstance(value, list) and len(value) == 1:
        return value * count
    if isinstance(value, list | tuple):
        parts = [_repeated(part, count) for part in value]
        return tuple(parts) if isinstance(value, tuple) else parts
    if isinstance(value, dict):
        return {name: _repeated(part, count) for name, part in value.items()}
    return value


def _is_where_texts_begin(value: torch.Tensor) -> bool:
    """Return whether this counts the tokens before each text, and after the last one, of texts that stand in a row."""
    return value.shape == (2,) and not value.is_floating_point() and int(value[0]) == 0 and int(value[1]) > 1
