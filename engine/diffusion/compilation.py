"""Compiled blocks: a slow first picture, then faster ones; the output is not bit-identical to uncompiled.

The first rendering compiles the repeated blocks, once for each shape (`dynamic=False`): torch makes kernels that serve
several sizes only after sizes have changed, so that a picture's bits would depend on the jobs before it.  A job has one
batch size (`batches.next_batch`), so that a grid is compiled once.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import torch

from engine.diffusion.components import DENOISERS
from engine.diffusion.messages import first_line
from engine.diffusion.seams.compiler import allow_compiled_shapes, has_repeated_blocks, is_compiler_error
from engine.errors import ModelError
from engine.models.memory import Memory

OPTIONS: Mapping[str, Any] = MappingProxyType({"backend": "inductor", "fullgraph": True, "dynamic": False})
"""The arguments of `torch.compile`."""
_MAX_SHAPES = 256
"""Compiled versions of one kind of block.  torch's own limit is 8, but a UNet has four for each batch size, with and
without guidance."""


def compile_blocks(pipe: Any, memory: Memory = Memory.RESIDENT) -> None:
    """Let the first rendering compile the repeated blocks of the denoisers.

    Args:
        pipe: The pipeline.
        memory: Where its weights are kept.

    Raises:
        ModelError: Nothing of this model can be compiled, or not with this choice of memory.
    """
    denoisers: list[Any] = [getattr(pipe, name, None) for name in DENOISERS]
    parts = [part for part in denoisers if has_repeated_blocks(part)]
    if not parts:
        raise ModelError(
            f"--compile cannot be used: this model ({type(pipe).__name__}) has no blocks that diffusers can compile"
        )
    if memory is Memory.GROUP:
        raise ModelError(
            "--compile cannot be used with --memory group, which moves single layers: choose another --memory"
        )
    torch.compiler.reset()  # what was compiled for the model before this one is of no use
    allow_compiled_shapes(_MAX_SHAPES)
    for part in parts:
        part.compile_repeated_blocks(**OPTIONS)


def compiler_message(error: BaseException) -> str:
    """Return the message for an error of the compiler, also if there is none installed; "" for all other errors."""
    if not is_compiler_error(error):
        return ""
    return f"the model could not be compiled ({first_line(error)}): leave out --compile"
