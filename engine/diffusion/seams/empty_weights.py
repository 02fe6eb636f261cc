"""Seam: tensors without values are made without torch's symbolic shapes.

Libraries build a model on the device "meta", where tensors have no values, and put the stored weights into it.  Some
functions of torch are written in Python for such tensors, and import sympy, which takes a third as long as to import
torch itself.  Here they give the same empty tensors without it.

Assumptions, checked by tests/engine/diffusion/seams/test_empty_weights.py:
- `torch.nn.Embedding` draws its weights by `torch.nn.init.normal_`, which asks the modes of `torch.overrides` first,
  and which returns a tensor on "meta" as it is, without drawing from a generator.
- `torch.arange` on "meta", and `torch.empty_like` of a contiguous tensor on it, have the shape, strides and dtype of
  their counterparts on a CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.overrides import TorchFunctionMode


class EmptyWeights(TorchFunctionMode):
    """Within a block of this mode, the device "meta" needs no sympy to load a text encoder."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call a function of torch, or something that does the same."""
        named = dict(kwargs or {})
        first: Any = args[0] if args else named.get("tensor")
        if func is torch.nn.init.normal_ and _is_empty(first):
            return first
        if func is torch.arange and torch.device(named.get("device") or "cpu").type == "meta":
            return func(*args, **{**named, "device": "cpu"}).to("meta")
        if (
            func is torch.empty_like
            and _is_empty(first)
            and first.is_contiguous()
            and named.keys() <= {"dtype", "device"}
        ):
            given = {name: value for name, value in named.items() if value is not None}
            return torch.empty(first.shape, **{"dtype": first.dtype, "device": first.device, **given})
        return func(*args, **named)


def _is_empty(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.is_meta
