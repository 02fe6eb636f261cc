"""Seam: the layers of CLIP text encoders, and their token embeddings.

diffusers can use another layer than the last one (`clip_skip`), but looks for the final layer norm where transformers
from 5.6 on no longer has it; and it puts vectors in place of single tokens only by changing the vocabulary.

Assumptions, checked by tests/engine/diffusion/seams/test_text_encoders.py:
- The hidden states of a text encoder are the embeddings and then the output of each layer, without the final norm.
- The final layer norm is `final_layer_norm`, of the encoder itself or of its `text_model`; it gives
  `last_hidden_state`.
- The positions are added to what `get_input_embeddings()` returns.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch


def final_norm(encoder: Any, hidden: torch.Tensor) -> torch.Tensor:
    """Return the output of a layer after the norm that follows the last layer.

    Args:
        encoder: A CLIP text encoder.
        hidden: (1, tokens, D), one of its hidden states.
    """
    inner = encoder if hasattr(encoder, "final_layer_norm") else encoder.text_model
    normed: torch.Tensor = inner.final_layer_norm(hidden)
    return normed


@contextlib.contextmanager
def replaced_tokens(encoder: Any, vectors: Mapping[int, torch.Tensor]) -> Iterator[None]:
    """Put vectors in place of the embeddings of single tokens while the context is open.

    Args:
        encoder: A CLIP text encoder.
        vectors: (D,) vectors by the index of the token.
    """
    if not vectors:
        yield
        return

    def replace(module: Any, inputs: Any, embedded: torch.Tensor) -> torch.Tensor:  # noqa: ARG001 (torch calls it)
        changed = embedded.clone()
        for position, vector in vectors.items():
            changed[:, position] = vector.to(changed)
        return changed

    hook = encoder.get_input_embeddings().register_forward_hook(replace)
    try:
        yield
    finally:
        hook.remove()
