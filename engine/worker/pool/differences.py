"""How one worker differs from another in what the bits of pictures depend on, as a clause for the person.  Pure."""

from __future__ import annotations

from engine.rendering.events import ModelReady
from latentpng.record import Json

_NAMES = {"device_name": "device", "cuda": "CUDA", "cudnn": "cuDNN", "tf32": "TF32", "sdpa": "kernels of attention"}


def difference_of(name: str, ready: ModelReady, first_name: str, first: ModelReady) -> str:
    """Return how a worker differs from the first one; "" when it does not.

    Args:
        name: The name of the worker.
        ready: What it said about the loaded model.
        first_name: The name of the first worker.
        first: What that said.
    """
    phrases = [] if ready.fingerprint == first.fingerprint else ["a different file of the model"]
    if ready.dtype != first.dtype:
        phrases.append(f"dtype {ready.dtype} instead of {first.dtype}")
    for key in {**first.software, **ready.software}:
        one, other = ready.software.get(key), first.software.get(key)
        if one != other:
            phrases.append(f"{_NAMES.get(key, key)} {_text(one)} instead of {_text(other)}")
    return f"{name} differs from {first_name} ({', '.join(phrases)})" if phrases else ""


def _text(value: Json) -> str:
    return "unknown" if value is None else str(value)
