"""The variants of `engine_levers`: single changes that may make a grid of the embedded model faster."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from engine.diffusion.compilation import compile_blocks
from engine.diffusion.libraries import silence_libraries
from engine.worker.process import worker_environment
from tests.benchmarks.gridtask import COUNT, SETTINGS
from tests.benchmarks.paired import Child, Turn, machine_load, ratio, run_paired, seconds_of, timed
from tests.benchmarks.pixels import differing_values
from tests.benchmarks.plainloop import PlainPipeline, embedded

BASELINE, THREADS = "baseline", 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Lever:
    """One change to the baseline.

    Attributes:
        pull: Changes the variant's pipeline, once, before the first turn.
        around: The context in which every turn runs; it undoes its change when the turn ends.
    """

    name: str
    pull: Callable[[PlainPipeline], None] = lambda _: None
    around: Callable[[], contextlib.AbstractContextManager[object]] = contextlib.nullcontext


def unet_channels_last(plain: PlainPipeline) -> None:
    """Store the weights of the UNet in channels-last order."""
    plain.pipe.unet.to(memory_format=torch.channels_last)


def vae_channels_last(plain: PlainPipeline) -> None:
    """Store the weights of the VAE in channels-last order."""
    plain.pipe.vae.to(memory_format=torch.channels_last)


def decode_in_one_batch(plain: PlainPipeline) -> None:
    """Decode all pictures in one pass of the VAE."""
    plain.pipe.vae.disable_slicing()


def compiled(plain: PlainPipeline) -> None:
    """Compile as --compile does; the warm-up turn, which is not counted, waits for the compiler."""
    compile_blocks(plain.pipe)


def two_passes(plain: PlainPipeline) -> None:
    """Run the UNet once for each half of the guidance, instead of once for a batch of 2n."""
    unet = plain.pipe.unet
    whole = unet.forward

    def halves(sample: torch.Tensor, timestep: Any, encoder_hidden_states: torch.Tensor, **more: Any) -> Any:
        pairs = zip(sample.chunk(2), encoder_hidden_states.chunk(2), strict=True)
        return (torch.cat([whole(half, timestep, prompt, **more)[0] for half, prompt in pairs]),)

    unet.forward = halves


def no_guidance_at_the_end(plain: PlainPipeline) -> None:
    """Switch guidance off in the last third of the steps, as the manual of diffusers does."""

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
    """Use one thread of torch's pool for one turn."""
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(THREADS)


def levers() -> Iterator[Lever]:
    """Yield every change that this machine allows, the baseline first."""
    yield Lever(name=BASELINE)
    yield Lever(name="inference_mode", around=torch.inference_mode)
    yield Lever(name="UNet in channels_last", pull=unet_channels_last)
    yield Lever(name="VAE in channels_last", pull=vae_channels_last)
    yield Lever(name="1 thread", around=one_thread)
    yield Lever(name="guidance in two passes", pull=two_passes)
    yield Lever(name="no guidance in the last third", pull=no_guidance_at_the_end)
    yield Lever(name="decoded in one batch", pull=decode_in_one_batch)
    if shutil.which(os.environ.get("CXX", "g++")):
        yield Lever(name="compiled blocks", pull=compiled)
    else:
        print("compiled blocks: left out, because this machine has no C++ compiler")


def variant(lever: Lever) -> Callable[[], Turn]:
    """Make a pipeline, change it, and return what runs one turn of it."""
    plain = embedded()
    lever.pull(plain)

    def turn() -> Turn:
        with lever.around():
            return timed(lambda: plain.job(str(COUNT)))

    return turn


def measure(repeats: int) -> None:
    """Run all variants in paired rounds and print the table."""
    threads = {"OMP_NUM_THREADS": str(THREADS)}
    allocator = Child("tests.benchmarks.plainloop", environment={**worker_environment(), **threads})
    silence_libraries()
    os.nice(10)  # as the child is
    torch.set_num_threads(THREADS)
    variants = {lever.name: variant(lever) for lever in levers()}
    variants["the worker's allocator"] = lambda: allocator.turn(str(COUNT))
    turns = run_paired(variants, repeats)
    allocator.close()
    print(f"grid of {COUNT}, {SETTINGS.num_inference_steps} steps, {repeats} rounds; {machine_load()}")
    print(f"{'':30s} {'seconds':24s} {'ratio to baseline':24s} pixels")
    for name, own in turns.items():
        apart = differing_values(own[0].pixels, turns[BASELINE][0].pixels)
        print(f"{name:30s} {seconds_of(own)!s:24s} {ratio(own, turns[BASELINE])!s:24s} {apart}")
