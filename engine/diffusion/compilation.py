"""The repeated blocks of a model compiled: a slow first picture, quicker ones after it, and other bits.

The blocks are compiled by the first rendering, each shape for itself: kernels that serve several sizes are made where
sizes have already changed, so that a picture's bits would depend on the jobs before it.  A job has one size of batch
(`batches.batch_size`), so a grid is compiled once.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import torch
import torch._dynamo

from engine.diffusion.components import first_line
from engine.errors import ModelError
from engine.models.memory import Memory

OPTIONS: Mapping[str, Any] = MappingProxyType({"backend": "inductor", "fullgraph": True, "dynamic": False})
"""What `torch.compile` is told."""
DENOISERS = ("transformer", "transformer_2", "unet")
_SHAPES = 256
"""Kept for one kind of block.  Torch's own limit is 8: a UNet has four for each size of batch, with and without
guidance."""
_OF_COMPILER = ("torch._dynamo", "torch._inductor", "triton")


def compile_blocks(pipe: Any, memory: Memory = Memory.RESIDENT) -> None:
    """Lets the first rendering compile the denoisers.  ModelError when nothing of this model can be compiled."""
    found: list[Any] = [getattr(pipe, name, None) for name in DENOISERS]
    parts = [part for part in found if _has_blocks(part)]
    if not parts:
        raise ModelError(f"this model ({type(pipe).__name__}) has no blocks to compile: leave out --compile")
    if memory is Memory.GROUP:
        raise ModelError("--compile needs whole parts of the model on the GPU: --memory group moves single layers")
    torch.compiler.reset()  # what was compiled for the model before this one is of no use
    _keep_many_shapes()
    for part in parts:
        part.compile_repeated_blocks(**OPTIONS)


def compiler_trouble(error: BaseException) -> str:
    """A sentence when the compiler failed, or there is none; "" for all other errors."""
    if not type(error).__module__.startswith(_OF_COMPILER):
        return ""
    return f"the model could not be compiled ({first_line(error)}): leave out --compile"


def _has_blocks(part: Any) -> bool:
    names = getattr(part, "_repeated_blocks", None) or ()
    return hasattr(part, "compile_repeated_blocks") and any(type(each).__name__ in names for each in part.modules())


def _keep_many_shapes() -> None:
    torch._dynamo.config.cache_size_limit = _SHAPES
    torch._dynamo.config.accumulated_cache_size_limit = 4 * _SHAPES
