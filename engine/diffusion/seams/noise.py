"""Seam: the initial noise of a pipeline.

diffusers has no one public way to hand over initial noise: `latents=` is packed in some families, scaled in others,
and where its size is wrong, some silently render another size.  But every pipeline asks `randn_tensor` for unit noise
*before* it packs or scales.  So this name is replaced in the globals of the pipeline's module while one call runs.

Assumptions, checked by tests/engine/diffusion/seams/test_noise.py:
- One of the methods in `NOISE_METHODS` of every text-to-image pipeline has `randn_tensor` among its globals.
- The first call of `randn_tensor` asks for the initial noise, with the batch as its first axis.
- Its parameters are `shape`, `generator`, `device`, `dtype` and `layout`.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import torch

from engine.diffusion.messages import shape_text
from engine.errors import ModelError, RenderError

NOISE_METHODS = ("__call__", "prepare_latents", "prepare_intermediate_images")
"""The methods in which pipelines ask for their initial noise."""


class _NoiseRequested(BaseException):
    """Leaves the pipeline as soon as it asked for noise; no `Exception`, so that no pipeline catches it."""


def asks_for_noise(pipeline_class: type) -> bool:
    """Return whether a pipeline class asks for its initial noise in a way that this seam can answer."""
    return bool(noise_globals(pipeline_class))


def noise_globals(pipeline_class: type) -> list[dict[str, Any]]:
    """Return the module globals through which a pipeline class asks for noise; empty if there are none."""
    found: list[dict[str, Any]] = []
    for name in NOISE_METHODS:
        method = getattr(pipeline_class, name, None)
        namespace = getattr(inspect.unwrap(method), "__globals__", {}) if callable(method) else {}
        if "randn_tensor" in namespace and all(namespace is not other for other in found):
            found.append(namespace)
    return found


def requested_noise_shape(pipe: Any, call: Callable[[], object]) -> tuple[int, ...]:
    """Run `call` until the pipeline asks for its initial noise, and return the requested shape.

    Args:
        pipe: The pipeline.
        call: Calls the pipeline; it is left by an exception before anything is rendered.

    Returns:
        The shape, with the batch as its first axis.

    Raises:
        ModelError: The pipeline never asked for noise.
    """
    shapes: list[tuple[int, ...]] = []

    def answer(shape: tuple[int, ...], **_: object) -> torch.Tensor:
        shapes.append(shape)
        raise _NoiseRequested

    try:
        with _answered_first_request(pipe, answer), contextlib.suppress(_NoiseRequested):
            call()
    finally:
        pipe.maybe_free_model_hooks()
    if not shapes:
        raise ModelError(f"{type(pipe).__name__} never asked for initial noise, so it cannot be used")
    return shapes[0]


@contextlib.contextmanager
def initial_noise(pipe: Any, noise: torch.Tensor) -> Iterator[None]:
    """Answer the pipeline's first request for noise with `noise` while the context is open.

    Args:
        pipe: The pipeline; it is called once inside the context.
        noise: (n, ...), unit variance; converted to the device and dtype that the pipeline asks for.

    Raises:
        ModelError: The pipeline class has no known place where it asks for noise.
        RenderError: The pipeline asked for another shape, or never asked.
    """
    requested: list[tuple[int, ...]] = []

    def answer(shape: tuple[int, ...], device: Any, dtype: Any) -> torch.Tensor:
        requested.append(shape)
        if shape != tuple(noise.shape):
            found, expected = shape_text(noise.shape[1:]), shape_text(shape[1:])
            raise RenderError(f"the noise has the shape {found}, but this model needs {expected} at this size")
        return noise.to(device=device, dtype=dtype or torch.float32)

    with _answered_first_request(pipe, answer):
        yield
    if not requested:
        raise RenderError(f"{type(pipe).__name__} never asked for initial noise")


@contextlib.contextmanager
def _answered_first_request(pipe: Any, answer: Callable[..., torch.Tensor]) -> Iterator[None]:
    """Replace `randn_tensor` in the pipeline's module, and restore it on exit, whatever happens."""
    namespaces = noise_globals(type(pipe))
    if not namespaces:
        raise ModelError(f"{type(pipe).__name__} asks for its initial noise in an unknown place, so it cannot be used")
    original = namespaces[0]["randn_tensor"]
    answered = False

    # Only the first request is the initial noise.  Some pipelines ask again during the steps (a second stage, a
    # stochastic sampler); those requests carry generators of their own and go to the original function.
    def hook(shape: Any, generator: Any = None, device: Any = None, dtype: Any = None, layout: Any = None) -> Any:
        nonlocal answered
        if answered:
            return original(shape, generator=generator, device=device, dtype=dtype, layout=layout)
        answered = True
        return answer(tuple(shape), device=device, dtype=dtype)

    for namespace in namespaces:
        namespace["randn_tensor"] = hook
    try:
        yield
    finally:
        for namespace in namespaces:
            namespace["randn_tensor"] = original
