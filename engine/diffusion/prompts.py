"""Prompts encoded once: from the second round on no text encoder runs.

A batch asks for n times the same prompt.  It is encoded alone and repeated, so that the embedding does not depend on n.
"""

from __future__ import annotations

import functools
import inspect
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import torch

_MOST = 8
"""Prompts kept; each takes up to a few megabytes."""


class PromptMemo:
    """Stands before one pipeline's `encode_prompt`; `clear` when its text encoders change (a LoRA)."""

    def __init__(self, pipe: Any) -> None:
        self.hits = 0
        self._kept: OrderedDict[str, Any] = OrderedDict()
        if hasattr(pipe, "encode_prompt"):
            self._encode = pipe.encode_prompt
            self._signature = inspect.signature(self._encode)

            @functools.wraps(self._encode)
            def remembered(*args: Any, **kwargs: Any) -> Any:
                return self._remembered(*args, **kwargs)

            pipe.encode_prompt = remembered

    def clear(self) -> None:
        """Forgets everything."""
        self._kept.clear()

    def _remembered(self, *args: Any, **kwargs: Any) -> Any:
        bound = self._signature.bind(*args, **kwargs).arguments
        single, count = _single(bound)
        if count == 0 or not _plain(single):
            return self._encode(*args, **kwargs)
        key = repr(sorted(single.items()))
        if key in self._kept:
            self.hits += 1
            self._kept.move_to_end(key)
        else:
            self._kept[key] = self._encode(**single)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return _repeated(self._kept[key], count)


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
        place = 1 if value.ndim == 4 and value.shape[1] == 1 else 0  # HiDream stacks layers before the pictures
        repeats = [count if axis == place else 1 for axis in range(value.ndim)]
        return value.repeat(repeats) if value.ndim and value.shape[place] == 1 else value
    if isinstance(value, tuple):
        return tuple(_repeated(part, count) for part in value)
    if isinstance(value, list) and len(value) == 1:
        return value * count
    return value
