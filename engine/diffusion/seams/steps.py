"""The only private doors into diffusers: the initial noise, the scheduler's steps, and stray randomness.

Written against diffusers 0.42.  A pipeline asks `randn_tensor` for unit noise before packing and scaling, and
`scheduler.step` for every step; both are swapped while one call runs and put back after it, whatever happens.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from engine.errors import ModelError, RenderError

_NOISE_METHODS = ("__call__", "prepare_latents", "prepare_intermediate_images")


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step that was just done.

    step, steps: counted from 1.  latents: (n, ...), the state after it.  denoised: (n, ...), what the scheduler
    expects in the end, or `latents` when it does not say.
    """

    step: int
    steps: int
    latents: torch.Tensor
    denoised: torch.Tensor


class _Probed(Exception):
    """Leaves the pipeline as soon as it asked for noise."""


def noise_globals(pipeline: type) -> list[dict[str, Any]]:
    """The module globals through which a pipeline class asks for noise; empty when it has no such place."""
    found: list[dict[str, Any]] = []
    for name in _NOISE_METHODS:
        method = getattr(pipeline, name, None)
        space = getattr(inspect.unwrap(method), "__globals__", {}) if callable(method) else {}
        if "randn_tensor" in space and all(space is not other for other in found):
            found.append(space)
    return found


def wanted_noise(pipe: Any, call: Callable[[], object]) -> tuple[int, ...]:
    """The shape of noise, batch included, that `call` asks for; nothing is rendered."""
    shapes: list[tuple[int, ...]] = []

    def give(shape: tuple[int, ...], **_: object) -> torch.Tensor:
        shapes.append(shape)
        raise _Probed

    try:
        with _noise_from(pipe, give), contextlib.suppress(_Probed):
            call()
    finally:
        pipe.maybe_free_model_hooks()
    if not shapes:
        raise ModelError(f"{type(pipe).__name__} never asked for initial noise: it cannot be used")
    return shapes[0]


@contextlib.contextmanager
def initial_noise(pipe: Any, noise: torch.Tensor) -> Iterator[None]:
    """While inside, the pipeline's first request for noise is answered with `noise`: (n, ...), unit variance."""
    asked: list[tuple[int, ...]] = []

    def give(shape: tuple[int, ...], device: Any, dtype: Any) -> torch.Tensor:
        asked.append(shape)
        if shape != tuple(noise.shape):
            found, wanted = in_words(noise.shape[1:]), in_words(shape[1:])
            raise RenderError(f"the noise is {found}, but this model and size want {wanted}")
        return noise.to(device=device, dtype=dtype or torch.float32)

    with _noise_from(pipe, give):
        yield
    if not asked:
        raise RenderError(f"{type(pipe).__name__} never asked for initial noise")


@contextlib.contextmanager
def _noise_from(pipe: Any, give: Callable[..., torch.Tensor]) -> Iterator[None]:
    spaces = noise_globals(type(pipe))
    if not spaces:
        raise ModelError(f"{type(pipe).__name__} takes its initial noise from a place that is not known")
    original = spaces[0]["randn_tensor"]
    given = False

    def hook(shape: Any, generator: Any = None, device: Any = None, dtype: Any = None, layout: Any = None) -> Any:
        nonlocal given
        if given:
            return original(shape, generator=generator, device=device, dtype=dtype, layout=layout)
        given = True
        return give(tuple(shape), device=device, dtype=dtype)

    for space in spaces:
        space["randn_tensor"] = hook
    try:
        yield
    finally:
        for space in spaces:
            space["randn_tensor"] = original


@contextlib.contextmanager
def scheduler_steps(
    scheduler: Any, *, seed: int, count: int, eta: float, on_step: Callable[[Step], None]
) -> Iterator[list[torch.Generator]]:
    """While inside, every step draws from `count` generators of its own, all seeded with `seed`, and is reported.

    One generator for a whole batch would make a picture depend on its neighbours.  `on_step` may raise to cancel.
    """
    generators = [torch.Generator("cpu").manual_seed(seed) for _ in range(count)]
    original = scheduler.step
    signature = inspect.signature(original)
    done = 0

    @functools.wraps(original)  # pipelines read its signature
    def step(*args: Any, **kwargs: Any) -> Any:
        nonlocal done
        if "generator" in signature.parameters:
            kwargs["generator"] = generators
        if eta and "eta" in signature.parameters:
            kwargs["eta"] = eta
        out = original(*args, **kwargs)
        done += 1
        latents = out[0] if isinstance(out, tuple) else out.prev_sample
        on_step(
            Step(
                step=done,
                steps=max(done, len(scheduler.timesteps)),
                latents=latents,
                denoised=_denoised(scheduler, signature.bind(*args, **kwargs), out, latents),
            )
        )
        return out

    if hasattr(scheduler, "noise_sampler_seed"):  # DPMSolverSDEScheduler takes no generators
        scheduler.noise_sampler_seed = [seed] * count
    scheduler.step = step
    try:
        yield generators
    finally:
        scheduler.__dict__.pop("step", None)


def _denoised(scheduler: Any, call: inspect.BoundArguments, out: Any, latents: torch.Tensor) -> torch.Tensor:
    """What the end will be, as far as this scheduler tells; for previews only."""
    told = out[1] if isinstance(out, tuple) and len(out) > 1 else getattr(out, "pred_original_sample", None)
    if told is None and type(scheduler).__name__.startswith("FlowMatchEuler"):
        velocity = call.arguments["model_output"]
        told = call.arguments["sample"] - scheduler.sigmas[scheduler.step_index - 1] * velocity
    predicts = str(scheduler.config.get("algorithm_type", "")).endswith("++") or scheduler.config.get("predict_x0")
    if told is None and predicts and hasattr(scheduler, "model_outputs"):  # settings outlive a change of class
        told = scheduler.model_outputs[-1]
    return told if isinstance(told, torch.Tensor) and told.shape == latents.shape else latents


@dataclass(slots=True)
class RandomnessWatch:
    """`moved`: names of the global generators that something drew from."""

    moved: tuple[str, ...] = ()


@contextlib.contextmanager
def watched_randomness(seed: int) -> Iterator[RandomnessWatch]:
    """While inside, the global generators start from `seed`; after it they are as they were before.

    Nothing should draw from them.  What does all the same is repeatable at least, and is reported.
    """
    watch = RandomnessWatch()
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
    python_before, numpy_before = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        np.random.seed(seed % 2**32)
        random.seed(seed)
        begun = _states()
        try:
            yield watch
        finally:
            ended = _states()
            watch.moved = tuple(name for name, state in begun.items() if ended[name] != state)
            np.random.set_state(numpy_before)
            random.setstate(python_before)


def _states() -> dict[str, bytes]:
    states = {"torch": torch.get_rng_state().numpy().tobytes()}
    if torch.cuda.is_available():
        states["cuda"] = b"".join(state.numpy().tobytes() for state in torch.cuda.get_rng_state_all())
    kind, keys, place, *_ = np.random.get_state(legacy=True)
    states["numpy"] = f"{kind} {place}".encode() + np.asarray(keys).tobytes()
    states["python"] = repr(random.getstate()).encode()
    return states


def in_words(shape: tuple[int, ...]) -> str:
    """ "4 x 16 x 16"."""
    return " x ".join(str(side) for side in shape)
