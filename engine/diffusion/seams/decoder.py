"""Seam: the decoder of a pipeline's VAE, one picture at a time.

Decoding 8 pictures takes as long as two steps of a small model, and a pipeline gives no callback there: without this
seam a cancel would come late.  `vae.enable_slicing()` makes the VAE decode one picture after the other.

Assumptions, checked by tests/engine/diffusion/seams/test_decoder.py:
- The decoder is the torch module `vae.decoder`, called as a module (so that its hooks run).
- With slicing on, it is called once for each picture of a batch.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch


@contextlib.contextmanager
def checked_decoding(pipe: Any, check: Callable[[], None]) -> Iterator[None]:
    """Call `check` before every picture that the VAE decodes while the context is open.

    Args:
        pipe: The pipeline; if it has no such decoder, nothing is checked.
        check: May raise an exception to cancel the call.
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
