"""What keeps rendering quick beside the pipeline: previews that cost little, and a decoder that can be stopped."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch

_BETWEEN = 0.15
"""Seconds from one preview to the next at least: the eye follows no more, and a terminal draws no more."""
_SHARE = 0.025
"""Of the time, that previews may take."""


class PreviewPace:
    """Says of one batch when a preview is due: after the first step, then as often as previews stay cheap.

    clock: seconds, as `time.monotonic` gives them.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._next = float("-inf")

    @property
    def is_due(self) -> bool:
        """May a preview be made now?"""
        return self._clock() >= self._next

    @contextlib.contextmanager
    def measured(self, latents: torch.Tensor) -> Iterator[None]:
        """Around the making of a preview; the step that made `latents` is waited for, which is not its cost."""
        if latents.is_cuda:
            torch.cuda.synchronize(latents.device)
        began = self._clock()
        yield
        ended = self._clock()
        self._next = began + max(_BETWEEN, (ended - began) / _SHARE)


@contextlib.contextmanager
def checked_decoding(pipe: Any, check: Callable[[], None]) -> Iterator[None]:
    """While inside, `check` runs before every picture that the VAE decodes; it may raise to cancel.

    Decoding 8 pictures takes as long as two steps of a small model, so a cancel would come late without it.
    """
    decoder = getattr(getattr(pipe, "vae", None), "decoder", None)
    if not isinstance(decoder, torch.nn.Module):
        yield
        return
    handle = decoder.register_forward_pre_hook(lambda *_: check())
    try:
        yield
    finally:
        handle.remove()
