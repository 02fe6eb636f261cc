"""Seam: the attention back-ends of diffusers, which it calls experimental.

Assumptions, checked by tests/engine/diffusion/seams/test_attention.py:
- `AttentionBackendName` lists the back-ends; those whose names end in "_hub" download a kernel.
- The attention of a model can be chosen if a processor in it has the attribute `_attention_backend`.
- `set_attention_backend` sets it for the modules of one model, and also for every model that is loaded later.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers.models.attention_dispatch import AttentionBackendName

NATIVE = AttentionBackendName.NATIVE.value
"""torch's own attention."""


def local_backends() -> tuple[str, ...]:
    """Return the names of the back-ends that download nothing."""
    return tuple(backend.value for backend in AttentionBackendName if not backend.value.endswith("_hub"))


def has_selectable_attention(part: Any) -> bool:
    """Return whether the attention of a component of a pipeline can be chosen."""
    modules = part.modules() if isinstance(part, torch.nn.Module) else ()
    return any(hasattr(getattr(module, "processor", None), "_attention_backend") for module in modules)
