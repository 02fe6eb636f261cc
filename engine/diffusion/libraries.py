"""Global settings of torch, diffusers and transformers in the worker process."""

from __future__ import annotations

import diffusers
import torch
import transformers


def silence_libraries() -> None:
    """Switch off bars and notices of diffusers and transformers, which would hide the errors in the log."""
    diffusers.utils.logging.set_verbosity_error()
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()


def use_deterministic_kernels() -> None:
    """Let torch choose kernels by rule instead of by a race, and none whose sums depend on the order of threads.

    The workspace of cuBLAS is set in `environment.py`.  TF32 and the kind of attention stay torch's choice, and are
    recorded in the file.
    """
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    if torch.cuda.is_available():
        torch.use_deterministic_algorithms(True, warn_only=True)
