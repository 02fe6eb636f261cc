"""Memory planning: where the weights of a model are kept, chosen from sizes alone before anything is loaded.

Pure, no torch.  Choices that do not change the pixels come first.  Weights are quantised, which changes the picture,
only when the user asks for it, or when they fit neither the GPU nor main memory.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from engine.errors import ModelError

GIB = 2**30


class Memory(StrEnum):
    """Where weights are kept (GPU, CPU offload by component or by layer), or how they are quantised (8 or 4 bits)."""

    AUTO = "auto"
    RESIDENT = "resident"
    OFFLOAD = "offload"
    GROUP = "group"
    EIGHT_BITS = "8bit"
    FOUR_BITS = "4bit"


QUANTISED = (Memory.EIGHT_BITS, Memory.FOUR_BITS)
_BYTES_QUANTISED = {Memory.EIGHT_BITS: 1.0, Memory.FOUR_BITS: 0.5}
_OVERHEAD = 1.15
"""Quantised weights need scales beside them, and some layers (norms, embeddings) are not quantised."""
_RESERVE = GIB // 2
"""Bytes that the libraries of the GPU take for themselves."""
_DECODER_VALUES = 4 * 256
"""Values per pixel while a picture is decoded: four tensors of 256 channels at full size, the widest part of common
decoders.  An upper bound: denoising needs less, because latents are small."""

_LAYERS = 8
"""A component has more layers than this; with group offload only a few of them are on the GPU at once."""
_WORDS: Mapping[Memory, str] = {
    Memory.RESIDENT: "all weights go to the GPU",
    Memory.OFFLOAD: "each part of the model goes to the GPU when it is needed",
    Memory.GROUP: "each layer goes to the GPU when it is needed, which is slower",
    Memory.EIGHT_BITS: "weights are stored in 8 bits, which changes the pictures a little",
    Memory.FOUR_BITS: "weights are stored in 4 bits, which changes the pictures",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """The free memory.

    Attributes:
        gpu: Free bytes on the GPU; 0 without a GPU.
        main: Free bytes of main memory.
        quantiser: A library that quantises weights is installed.
    """

    gpu: int
    main: int
    quantiser: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Placement:
    """The choice.

    Attributes:
        memory: Where weights are kept.
        sentence: Why, in one sentence; "" without a GPU, where there is no choice.
    """

    memory: Memory
    sentence: str


def working_bytes(width: int, height: int, value_bytes: int) -> int:
    """Return the bytes that one picture needs beside the weights.

    Args:
        width: Pixels.
        height: Pixels.
        value_bytes: The size of one value of the dtype, in bytes.
    """
    return _RESERVE + width * height * _DECODER_VALUES * value_bytes


def plan_memory(
    wanted: str, values: Mapping[str, int], *, lora_values: int = 0, value_bytes: int, working: int, room: Room
) -> Placement:
    """Choose where the weights are kept.

    Args:
        wanted: A value of `Memory`; "auto" takes the first choice that fits.
        values: The number of values in the weights of each component.
        lora_values: The number of values in LoRA files, which are kept with their component and are not quantised.
        value_bytes: The size of one value of the dtype, in bytes.
        working: The bytes that one picture needs, from `working_bytes`.
        room: The free memory.

    Raises:
        ModelError: `wanted` is no value of `Memory` or is impossible here, or nothing fits.
    """
    if wanted not in tuple(Memory):
        raise ModelError(f"--memory is one of {', '.join(Memory)}, found {wanted!r}")
    total = (sum(values.values()) + lora_values) * value_bytes
    if not room.gpu:
        return _without_gpu(Memory(wanted), total, room)
    needed = {memory: _needed(memory, values, value_bytes) + lora_values * value_bytes + working for memory in Memory}
    if wanted != Memory.AUTO:
        return _asked_for(Memory(wanted), needed, room)
    if not total:  # the sizes are not known before loading
        return Placement(memory=Memory.RESIDENT, sentence="all weights go to the GPU")
    for memory in (Memory.RESIDENT, Memory.OFFLOAD, Memory.GROUP, *QUANTISED):
        offloads = memory in (Memory.OFFLOAD, Memory.GROUP)
        if (
            needed[memory] > room.gpu
            or (offloads and total > room.main)
            or (memory in QUANTISED and not room.quantiser)
        ):
            continue
        return Placement(memory=memory, sentence=_sentence(memory, total, room))
    raise ModelError(_nothing_fits(total, working, room))


def _needed(memory: Memory, values: Mapping[str, int], value_bytes: int) -> int:
    """The largest number of bytes of weights that are on the GPU at once."""
    largest, total = max(values.values(), default=0), sum(values.values())
    match memory:
        case Memory.OFFLOAD:
            return largest * value_bytes
        case Memory.GROUP:
            return largest * value_bytes // _LAYERS
        case Memory.EIGHT_BITS | Memory.FOUR_BITS:
            return math.ceil(total * _BYTES_QUANTISED[memory] * _OVERHEAD)
        case _:
            return total * value_bytes


def _without_gpu(wanted: Memory, total: int, room: Room) -> Placement:
    if wanted not in (Memory.AUTO, Memory.RESIDENT):
        raise ModelError(f"--memory {wanted} needs a GPU: without one, all weights are in main memory")
    if wanted is Memory.AUTO and total > room.main:
        raise ModelError(
            f"there is not enough memory: the weights take {_gib(total)}, and {_gib(room.main)} are free: end other "
            "programs, choose a smaller model or --dtype bfloat16, or add --memory resident to load them all the same"
        )
    return Placement(memory=Memory.RESIDENT, sentence="")


def _asked_for(memory: Memory, needed: Mapping[Memory, int], room: Room) -> Placement:
    if memory in QUANTISED and not room.quantiser:
        raise ModelError(f"--memory {memory} needs bitsandbytes: pip install 'warmer[quantised]'")
    if needed[memory] > room.gpu:
        return Placement(
            memory=memory,
            sentence=f"{_WORDS[memory]}, as asked, though {_gib(needed[memory])} may be needed "
            f"and {_gib(room.gpu)} are free on the GPU",
        )
    return Placement(memory=memory, sentence=f"{_WORDS[memory]}, as asked")


def _sentence(memory: Memory, total: int, room: Room) -> str:
    return f"{_WORDS[memory]}: they take {_gib(total)}, {_gib(room.gpu)} are free on the GPU"


def _nothing_fits(total: int, working: int, room: Room) -> str:
    more = "" if room.quantiser else ", or quantise the weights: pip install 'warmer[quantised]'"
    return (
        f"there is not enough memory: the weights take {_gib(total)} and a picture of this size {_gib(working)}, "
        f"but {_gib(room.gpu)} are free on the GPU and {_gib(room.main)} in main memory: "
        f"use a smaller model or size{more}"
    )


def _gib(size: int) -> str:
    return f"{size / GIB:.1f} GiB"
