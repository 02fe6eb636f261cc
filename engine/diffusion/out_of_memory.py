"""Memory that ran out: how to recognise it, and how to free what was left behind."""

from __future__ import annotations

import contextlib
import ctypes
import gc

import torch


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether memory ran out; torch has an error class for that on a GPU, and only a text on a CPU."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).casefold()
    return "out of memory" in text or "can't allocate memory" in text or "not enough memory" in text


def free_memory() -> None:
    """Return the memory that is no longer used to the system and to the GPU's driver."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError, TypeError):  # other C libraries than glibc have no such function
        ctypes.CDLL(None).malloc_trim(0)
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
