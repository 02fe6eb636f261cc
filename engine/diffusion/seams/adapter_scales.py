"""Seam: how strongly the layers of a LoRA act that peft runs beside the weights.

The configuration in a file's header would say it, but it would say much more, so the libraries never see it
(`engine.models.adapter_headers`) and the few numbers are set afterwards.

Assumptions, checked by tests/engine/diffusion/seams/test_adapter_scales.py:
- The layers of an adapter have the dicts `scaling`, `lora_alpha`, `r` and `use_rslora`, with a key for each adapter.
- `set_adapters` computes the scale of a layer anew from these.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any


def layers_beside(pipe: Any, adapter: str) -> Iterator[tuple[str, str, Any]]:
    """Yield the layers of a pipeline that have an adapter: the component, the path in it, the layer.

    Args:
        pipe: The pipeline.
        adapter: The adapter's name.
    """
    for component, network in pipe.components.items():
        for path, module in network.named_modules() if hasattr(network, "named_modules") else ():
            if any(adapter in getattr(module, part, ()) for part in ("lora_A", "lora_embedding_A")):
                yield component, path, module


def set_alphas(pipe: Any, adapter: str, alpha_of: Callable[[str, str], float | None], by_root: frozenset[str]) -> None:
    """Set the alphas of an adapter's layers; `pipe.set_adapters` has to follow.

    Args:
        pipe: The pipeline.
        adapter: The adapter's name.
        alpha_of: Gives the alpha of a layer from its component and its path; None leaves it at the rank.
        by_root: The components whose alphas are divided by the square root of the rank.
    """
    for component, path, layer in layers_beside(pipe, adapter):
        alpha, rank = alpha_of(component, path), layer.r[adapter]
        layer.lora_alpha[adapter] = rank if alpha is None else alpha
        layer.use_rslora[adapter] = component in by_root
        layer.scaling[adapter] = layer.lora_alpha[adapter] / (math.sqrt(rank) if component in by_root else rank)
