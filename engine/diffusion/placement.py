"""Where a pipeline runs: device, dtype, and where its weights are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import torch
from diffusers import PipelineQuantizationConfig

from engine.diffusion.messages import first_line
from engine.errors import ModelError
from engine.models.files import ModelFiles
from engine.models.look import component_parameter_count
from engine.models.memory import QUANTISED, Memory, Placement, Room, plan_memory, working_bytes
from engine.models.parts import vae_part
from engine.models.weights import read_weights
from engine.rendering.requests import LoadModel, ModelChoice

_DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


def choose_device(requested: str) -> str:
    """Return the requested device; for "auto" the best one there is.

    Raises:
        ModelError: The device cannot be used.
    """
    if requested != "auto":
        _check_number(requested)
        try:
            torch.empty(0, device=requested)
        except (RuntimeError, AssertionError) as error:
            reason = first_line(error).rstrip(".")
            raise ModelError(
                f"the device {requested!r} cannot be used here: {reason}; use --device cpu, which always works"
            ) from error
        device = torch.device(requested)
        if device.type == "cuda" and device.index is not None:
            torch.cuda.set_device(device)  # bitsandbytes puts quantised weights on the current device
        return requested
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _check_number(requested: str) -> None:
    """Check that there is a GPU of a number, which torch says in the words of CUDA's API.

    Raises:
        ModelError: There are fewer.
    """
    kind, _, number = requested.partition(":")
    count = torch.cuda.device_count() if kind == "cuda" and number else 0
    if count and int(number) >= count:
        there_is = "is one GPU here, cuda:0" if count == 1 else f"are {count} GPUs here, cuda:0 to cuda:{count - 1}"
        raise ModelError(f"the device {requested!r} cannot be used here: there {there_is}")


def choose_dtype(requested: str, device: str, *, made_with: tuple[str, str], has_unet: bool) -> torch.dtype:
    """Return the dtype of the weights.

    "auto" follows the picture to continue from, if that was rendered on the same kind of device.  Otherwise it is
    float32 on a CPU, where float16 is ten times slower; on a GPU float16 for UNets and bfloat16 for transformers.

    Args:
        requested: "auto", "float32", "float16" or "bfloat16".
        device: The device that was chosen.
        made_with: The device and the dtype that the picture to continue from records; ("", "") without one.
        has_unet: Whether the model denoises with a UNet.

    Raises:
        ModelError: There is no such dtype.
    """
    if requested != "auto":
        if requested not in _DTYPES:
            raise ModelError(f"--dtype must be one of auto, {', '.join(_DTYPES)}, found {requested!r}")
        return _DTYPES[requested]
    kind = torch.device(device).type
    recorded_kind, recorded_dtype = made_with
    if recorded_kind == kind and recorded_dtype in _DTYPES:
        return _DTYPES[recorded_dtype]
    if kind == "cpu":
        return torch.float32
    return torch.float16 if has_unet or kind == "mps" else torch.bfloat16


def choose_placement(
    request: LoadModel, choice: ModelChoice, files: ModelFiles, device: str, dtype: torch.dtype
) -> Placement:
    """Plan where the weights are kept, from their sizes and the memory that is free now.

    Args:
        request: What to load, and how.
        choice: The model, in this machine.
        files: Its files.
        device: The device that was chosen.
        dtype: The dtype that was chosen.

    Raises:
        ModelError: They fit nowhere, or the requested `--memory` cannot be used.
    """
    settings, values = request.settings, files.loaded_values(dtype.itemsize)
    if choice.is_single_file and request.memory in QUANTISED:
        raise ModelError(f"--memory {request.memory} needs a diffusers folder, {files.path.name} is a single file")
    if choice.vae:
        values["vae"] = vae_values(Path(choice.vae))
    room = free_room(device)
    return plan_memory(
        request.memory,
        values,
        lora_values=sum(component_parameter_count(Path(lora.path)) for lora in choice.loras),
        value_bytes=dtype.itemsize,
        working=working_bytes(settings.width, settings.height, dtype.itemsize),
        room=replace(room, quantiser=room.quantiser and not choice.is_single_file),
    )


def vae_values(path: Path) -> int:
    """Return the number of values in a VAE.

    Args:
        path: Its folder, or a file that holds it, alone or in a whole checkpoint.

    Raises:
        ModelError: A file is missing or damaged.
    """
    return vae_part(read_weights(path)).parameter_count if path.is_file() else component_parameter_count(path)


def free_room(device: str) -> Room:
    """Return the memory that is free on the device and in the machine; only CUDA devices have their own memory."""
    on_gpu = torch.device(device).type == "cuda"
    return Room(
        gpu=torch.cuda.mem_get_info(device)[0] if on_gpu else 0,
        main=psutil.virtual_memory().available,
        quantiser=find_spec("bitsandbytes") is not None,
    )


def has_room(device: str, width: int, height: int, dtype: str) -> bool:
    """Return whether a picture of this size fits beside the weights that are loaded; always true without a GPU."""
    if torch.device(device).type != "cuda":
        return True
    # what torch's allocator holds back for the next tensors is free for a picture, though the driver counts it as used
    cached = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return torch.cuda.mem_get_info(device)[0] + cached >= working_bytes(width, height, _DTYPES[dtype].itemsize)


def quantisation_arguments(memory: Memory, index: Mapping[str, Any], dtype: torch.dtype) -> dict[str, Any]:
    """Return the arguments of `from_pretrained` that quantise the large components to 8 or 4 bits.

    Args:
        memory: Where the weights are kept; empty arguments unless they are quantised.
        index: The model's model_index.json; its VAE is never quantised.
        dtype: Of the computation with 4-bit weights.
    """
    if memory not in QUANTISED:
        return {}
    options: dict[str, Any] = {"load_in_8bit": True}
    if memory is Memory.FOUR_BITS:
        options = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_compute_dtype": dtype}
    parts = [name for name in index if name.startswith(("unet", "transformer", "text_encoder"))]
    return {
        "quantization_config": PipelineQuantizationConfig(
            quant_backend=f"bitsandbytes_{memory}", quant_kwargs=options, components_to_quantize=parts
        )
    }


def prepare_pipeline(pipe: Any, device: str) -> None:
    """Set what holds for every pipeline, before its weights are placed."""
    pipe.set_progress_bar_config(disable=True)
    vae: Any = getattr(pipe, "vae", None)
    if hasattr(vae, "enable_slicing"):
        vae.enable_slicing()  # a batched decode in bfloat16 drifts
    if device != "cpu" and hasattr(pipe, "unet"):
        pipe.unet.to(memory_format=torch.channels_last)


# Planning knows the sizes of the weights, but not what else the driver and other programs will take.  So a plan to keep
# everything on the GPU may fail; then the components are offloaded instead, which gives the same pixels.  A choice
# of the user is never replaced by another one.
def place_pipeline(
    pipe: Any, device: str, memory: Memory, *, requested: bool, progress: Callable[[str], None]
) -> Memory:
    """Move the weights to where they are to be kept; offload components if they do not fit after all.

    Args:
        pipe: The pipeline, in main memory.
        device: The device that computes.
        memory: Where the weights are to be kept.
        requested: Whether the user asked for just this choice, so that no other one is tried.
        progress: Takes a sentence if another choice is made.

    Returns:
        Where the weights are kept.

    Raises:
        ModelError: They do not fit.
    """
    try:
        _place(pipe, device, memory)
        return memory
    except torch.OutOfMemoryError as error:
        torch.cuda.empty_cache()
        if requested or memory is not Memory.RESIDENT:
            raise ModelError(
                f"the GPU has not enough memory for --memory {memory}: try --memory group, or a smaller size"
            ) from error
    progress("the weights do not fit on the GPU: each component is moved there when it is needed")
    pipe.to("cpu")
    _place(pipe, device, Memory.OFFLOAD)
    return Memory.OFFLOAD


def _place(pipe: Any, device: str, memory: Memory) -> None:
    match memory:
        case Memory.OFFLOAD:
            pipe.enable_model_cpu_offload(device=device)
        case Memory.GROUP:
            onload = torch.device(device)
            pipe.enable_group_offload(onload, offload_type="leaf_level", use_stream=onload.type == "cuda")
        case Memory.EIGHT_BITS | Memory.FOUR_BITS:
            for part in pipe.components.values():
                if isinstance(part, torch.nn.Module) and not getattr(part, "is_quantized", False):
                    part.to(device)  # quantised components were loaded onto the GPU and cannot be moved
        case _:
            pipe.to(device)
