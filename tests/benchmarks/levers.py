"""What `engine_levers` pulls: one thing at a time that may make a grid of the embedded model quicker."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from engine.diffusion.compilation import compile_blocks
from engine.diffusion.load import silence_libraries
from engine.worker.process import worker_environment
from tests.benchmarks.gridtask import COUNT, SETTINGS
from tests.benchmarks.paired import Child, Turn, in_turns, ratio, seconds_of, surroundings, timed
from tests.benchmarks.plainloop import Plain, embedded

BASE, THREADS = "base", 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Lever:
    """pull: changes its pipeline, once.  around: what every turn runs in, the change back included."""

    name: str
    pull: Callable[[Plain], None] = lambda _: None
    around: Callable[[], contextlib.AbstractContextManager[object]] = contextlib.nullcontext


def unet_channels_last(plain: Plain) -> None:
    """Its weights."""
    plain.pipe.unet.to(memory_format=torch.channels_last)


def vae_channels_last(plain: Plain) -> None:
    """Its weights."""
    plain.pipe.vae.to(memory_format=torch.channels_last)


def decoded_at_once(plain: Plain) -> None:
    """All pictures in one pass of the VAE."""
    plain.pipe.vae.disable_slicing()


def compiled(plain: Plain) -> None:
    """As --compile does it; the first turn, which is not counted, waits for the compiler."""
    compile_blocks(plain.pipe)


def two_passes(plain: Plain) -> None:
    """Guidance without a batch of 2n: the UNet runs for each half."""
    unet = plain.pipe.unet
    whole = unet.forward

    def halves(sample: torch.Tensor, timestep: Any, encoder_hidden_states: torch.Tensor, **more: Any) -> Any:
        pairs = zip(sample.chunk(2), encoder_hidden_states.chunk(2), strict=True)
        return (torch.cat([whole(half, timestep, prompt, **more)[0] for half, prompt in pairs]),)

    unet.forward = halves


def free_at_last(plain: Plain) -> None:
    """No guidance in the last third of the steps, as the manual of diffusers does it."""

    def ended(pipe: Any, step: int, _: Any, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        if step + 1 != SETTINGS.num_inference_steps * 2 // 3:
            return tensors
        pipe._guidance_scale = 0.0
        return {**tensors, "prompt_embeds": tensors["prompt_embeds"].chunk(2)[-1]}

    plain.more = lambda _: {
        "callback_on_step_end": ended,
        "callback_on_step_end_tensor_inputs": ["prompt_embeds"],
    }


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """In torch's pool, for one turn."""
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(THREADS)


def levers() -> Iterator[Lever]:
    """All that can be pulled here."""
    yield Lever(name=BASE)
    yield Lever(name="inference_mode", around=torch.inference_mode)
    yield Lever(name="UNet in channels_last", pull=unet_channels_last)
    yield Lever(name="VAE in channels_last", pull=vae_channels_last)
    yield Lever(name="1 thread", around=one_thread)
    yield Lever(name="guidance in two passes", pull=two_passes)
    yield Lever(name="no guidance in the last third", pull=free_at_last)
    yield Lever(name="decoded in one batch", pull=decoded_at_once)
    if shutil.which(os.environ.get("CXX", "g++")):
        yield Lever(name="compiled blocks", pull=compiled)
    else:
        print("compiled blocks: left out, there is no C++ compiler here")


def variant(lever: Lever) -> Callable[[], Turn]:
    """A turn of it."""
    plain = embedded()
    lever.pull(plain)

    def turn() -> Turn:
        with lever.around():
            return timed(lambda: plain.job(str(COUNT)))

    return turn


def difference(pixels: bytes, base: bytes) -> str:
    """How many values are others, and by how much."""
    values, others = (np.frombuffer(each, dtype=np.uint8).astype(int) for each in (pixels, base))
    apart = np.abs(values - others)
    return f"{int((apart > 0).sum())} of {apart.size}, by {apart.max()} at most"


def measure(repeats: int) -> None:
    """Prints the table."""
    threads = {"OMP_NUM_THREADS": str(THREADS)}
    allocator = Child("tests.benchmarks.plainloop", environment={**worker_environment(), **threads})
    silence_libraries()
    os.nice(10)  # as the child is
    torch.set_num_threads(THREADS)
    variants = {lever.name: variant(lever) for lever in levers()}
    variants["the worker's allocator"] = lambda: allocator.turn(str(COUNT))
    turns = in_turns(variants, repeats)
    allocator.close()
    print(f"grid of {COUNT}, {SETTINGS.num_inference_steps} steps, {repeats} rounds; {surroundings()}")
    print(f"{'':30s} {'seconds':24s} {'of the base':24s} values that differ")
    for name, own in turns.items():
        apart = difference(own[0].pixels, turns[BASE][0].pixels)
        print(f"{name:30s} {seconds_of(own)!s:24s} {ratio(own, turns[BASE])!s:24s} {apart}")
