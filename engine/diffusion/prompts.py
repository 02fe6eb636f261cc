"""Prompts encoded once: from the second round on no text encoder runs.

A batch asks for n times the same prompt.  It is encoded alone and repeated, so that the embedding does not depend on n.
Where the pictures move it (`moving.py`), each gets its own in place of the repeated one; what is kept stays unmoved.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

import torch

from engine.diffusion.prompt_offset import PromptMove, embedding_places, picture_axis
from engine.errors import RenderError

_MOST = 8
"""Prompts kept; each takes up to a few megabytes."""


class PromptMemo:
    """Stands before one pipeline's `encode_prompt`; `clear` when its text encoders change (a LoRA)."""

    def __init__(self, pipe: Any) -> None:
        self.hits = 0
        self._kept: OrderedDict[str, Any] = OrderedDict()
        self._pipeline, self._places = type(pipe).__name__, embedding_places(getattr(pipe, "encode_prompt", None))
        self._move: PromptMove | None = None
        if hasattr(pipe, "encode_prompt"):
            self._encode = pipe.encode_prompt
            self._signature = inspect.signature(self._encode)

            @functools.wraps(self._encode)
            def remembered(*args: Any, **kwargs: Any) -> Any:
                return self._remembered(*args, **kwargs)

            pipe.encode_prompt = remembered

    @contextlib.contextmanager
    def moved(self, move: PromptMove) -> Iterator[None]:
        """While inside, the pipeline's first prompt is moved; the others are negative ones.  RenderError."""
        if not self._places:
            raise self._unmovable()
        self._move = move
        try:
            yield
        finally:
            self._move = None
        if not move.shapes:
            raise self._unmovable()

    def clear(self) -> None:
        """Forgets everything."""
        self._kept.clear()

    def _unmovable(self) -> RenderError:
        return RenderError(f"{self._pipeline} has no prompt embeddings that could move: only its noise can vary")

    def _remembered(self, *args: Any, **kwargs: Any) -> Any:
        bound = self._signature.bind(*args, **kwargs).arguments
        single, count = _single(bound)
        move, self._move = self._move, None
        if count == 0 or not _plain(single):
            if move is not None:
                raise self._unmovable()
            return self._encode(*args, **kwargs)
        key = repr(sorted(single.items()))
        if key in self._kept:
            self.hits += 1
            self._kept.move_to_end(key)
        else:
            self._kept[key] = self._encode(**single)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        kept = self._kept[key]
        return _repeated(kept if move is None else move.applied(kept, self._places), count)


def _single(bound: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """The arguments for one prompt, and how often it was asked for; 0 when the prompts are not all the same."""
    prompts = {name: value for name, value in bound.items() if "prompt" in name and _texts(value)}
    counts = {len(value) for value in prompts.values()}
    if len(counts) > 1 or any(len(set(value)) > 1 for value in prompts.values()):
        return dict(bound), 0
    return {**bound, **{name: value[:1] for name, value in prompts.items()}}, counts.pop() if counts else 1


def _texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(text, str) for text in value)


def _plain(bound: Mapping[str, Any]) -> bool:
    """Can the arguments be told apart by their text?  Tensors and pictures cannot."""
    plain = (str, int, float, bool, torch.device, torch.dtype, type(None))
    flat = (part for value in bound.values() for part in (value if isinstance(value, list | tuple) else (value,)))
    return all(isinstance(part, plain) for part in flat)


def _repeated(value: Any, count: int) -> Any:
    if isinstance(value, torch.Tensor):
        place = picture_axis(value)
        repeats = [count if axis == place else 1 for axis in range(value.ndim)]
        return value.repeat(repeats) if value.ndim and value.shape[place] == 1 else value
    if isinstance(value, tuple):
        return tuple(_repeated(part, count) for part in value)
    if isinstance(value, list) and len(value) == 1:
        return value * count
    return value
