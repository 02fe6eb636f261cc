"""Seam: torch's compiler and the blocks of a model that diffusers compiles.

Assumptions, checked by tests/engine/diffusion/seams/test_compiler.py:
- `_repeated_blocks` of a model names the classes that `compile_repeated_blocks` compiles.
- `torch._dynamo.config` has the limits `cache_size_limit` and `accumulated_cache_size_limit`.
- Errors of the compiler are of classes whose modules begin with one of `_COMPILER_MODULES`.
"""

from __future__ import annotations

from typing import Any

import torch
import torch._dynamo

_COMPILER_MODULES = ("torch._dynamo", "torch._inductor", "triton")


def has_repeated_blocks(part: Any) -> bool:
    """Return whether a component of a pipeline has blocks that `compile_repeated_blocks` would compile."""
    names = getattr(part, "_repeated_blocks", None) or ()
    return hasattr(part, "compile_repeated_blocks") and any(type(each).__name__ in names for each in part.modules())


def allow_compiled_shapes(count: int) -> None:
    """Let torch keep `count` compiled versions of each kind of block; beyond its limit it would no longer compile."""
    torch._dynamo.config.cache_size_limit = count
    torch._dynamo.config.accumulated_cache_size_limit = 4 * count


def is_compiler_error(error: BaseException) -> bool:
    """Return whether an error comes from the compiler, or says that there is none."""
    return type(error).__module__.startswith(_COMPILER_MODULES)
