"""Where a pipeline runs: device, precision, attention, and where its weights wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import torch
from diffusers import PipelineQuantizationConfig
from diffusers.models.attention_dispatch import AttentionBackendName

from engine.diffusion.compilation import DENOISERS
from engine.diffusion.components import first_line
from engine.errors import ModelError
from engine.models.files import ModelFiles
from engine.models.look import component_parameter_count
from engine.models.memory import QUANTISED, Memory, Placement, Room, plan_memory, working_bytes
from engine.rendering.requests import LoadModel, ModelChoice

_DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
NATIVE = AttentionBackendName.NATIVE.value
"""Torch's own attention, which is not recorded."""


def chosen_device(wanted: str) -> str:
    """The device that is asked for; for "auto" the best there is.  ModelError."""
    if wanted != "auto":
        try:
            torch.empty(0, device=wanted)
        except (RuntimeError, AssertionError) as error:
            raise ModelError(f"the device {wanted!r} cannot be used here: {_why_no_device(error)}") from error
        device = torch.device(wanted)
        if device.type == "cuda" and device.index is not None:
            torch.cuda.set_device(device)  # where quantised weights go, whatever they are told
        return wanted
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def chosen_dtype(wanted: str, device: str, *, made_with: tuple[str, str], has_unet: bool) -> torch.dtype:
    """For "auto": that of the picture to go on from, where `made_with` says that it came from such a device.

    Otherwise float32 on a CPU (float16 is ten times slower there); on a GPU float16 for UNets, bfloat16 for
    transformers.  ModelError when `wanted` is none of them.
    """
    if wanted != "auto":
        if wanted not in _DTYPES:
            raise ModelError(f"the dtype is one of {', '.join(_DTYPES)}, found {wanted!r}")
        return _DTYPES[wanted]
    kind = torch.device(device).type
    then, recorded = made_with
    if then == kind and recorded in _DTYPES:
        return _DTYPES[recorded]
    if kind == "cpu":
        return torch.float32
    return torch.float16 if has_unet or kind == "mps" else torch.bfloat16


def chosen_placement(
    request: LoadModel, choice: ModelChoice, files: ModelFiles, device: str, dtype: torch.dtype
) -> Placement:
    """By the sizes of the weights and the memory that is free now.  ModelError."""
    settings, values = request.settings, files.parameter_counts
    if choice.is_single_file and request.memory in QUANTISED:
        raise ModelError(f"--memory {request.memory} needs a diffusers folder, {files.path.name} is a single file")
    if choice.vae:
        values["vae"] = component_parameter_count(Path(choice.vae))
    room = free_room(device)
    return plan_memory(
        request.memory,
        values,
        lora_values=sum(component_parameter_count(Path(lora.path)) for lora in choice.loras),
        value_bytes=dtype.itemsize,
        working=working_bytes(settings.width, settings.height, dtype.itemsize),
        room=replace(room, quantiser=room.quantiser and not choice.is_single_file),
    )


def free_room(device: str) -> Room:
    """What is free on the device and in main memory; only CUDA counts as a GPU with a memory of its own."""
    on_gpu = torch.device(device).type == "cuda"
    return Room(
        gpu=torch.cuda.mem_get_info(device)[0] if on_gpu else 0,
        main=psutil.virtual_memory().available,
        quantiser=find_spec("bitsandbytes") is not None,
    )


def has_room(device: str, width: int, height: int, dtype: str) -> bool:
    """Beside the weights that are there already, is there room for a picture of this size?  Always without a GPU."""
    if torch.device(device).type != "cuda":
        return True
    kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)  # by torch, for the next tensors
    return torch.cuda.mem_get_info(device)[0] + kept >= working_bytes(width, height, _DTYPES[dtype].itemsize)


def quantisation(memory: Memory, index: Mapping[str, Any], dtype: torch.dtype) -> dict[str, Any]:
    """What `from_pretrained` is told: the large parts in 8 or 4 bits, the VAE as it is."""
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


def placed(pipe: Any, device: str, memory: Memory, *, asked: bool, progress: Callable[[str], None]) -> Memory:
    """Puts its weights where they are to be, and answers how.  When they do not fit after all, parts wait.

    asked: somebody asked for just this, so nothing else is done: ModelError when it does not fit.
    """
    try:
        _place(pipe, device, memory)
        return memory
    except torch.OutOfMemoryError as error:
        torch.cuda.empty_cache()
        if asked or memory is not Memory.RESIDENT:
            raise ModelError(
                f"the GPU has not enough memory for --memory {memory}: try --memory group, or a smaller size"
            ) from error
    progress("the weights do not fit on the GPU: each part goes there when it is needed")
    pipe.to("cpu")
    _place(pipe, device, Memory.OFFLOAD)
    return Memory.OFFLOAD


def prepare(pipe: Any, device: str) -> None:
    """What every pipeline is told before it is placed."""
    pipe.set_progress_bar_config(disable=True)
    vae: Any = getattr(pipe, "vae", None)
    if hasattr(vae, "enable_slicing"):
        vae.enable_slicing()  # a batched decode in bfloat16 drifts
    if device != "cpu" and hasattr(pipe, "unet"):
        pipe.unet.to(memory_format=torch.channels_last)


def use_attention(pipe: Any, wanted: str, then: str = "") -> str:
    """Sets the attention, and answers its name; "" for torch's own, or where the model knows no other.

    wanted: a name, or "auto": `then` where it can be used, else torch's own.  ModelError.
    """
    if wanted != "auto":
        return _set_attention(pipe, wanted)
    try:
        return _set_attention(pipe, then or NATIVE)
    except ModelError:
        return _set_attention(pipe, NATIVE)


def _why_no_device(error: BaseException) -> str:
    return f"{first_line(error).rstrip('.')}; --device cpu can always be used"


def _set_attention(pipe: Any, name: str) -> str:
    names = [backend.value for backend in AttentionBackendName if not backend.value.endswith("_hub")]
    if name not in names:
        raise ModelError(f"the attention is one of {', '.join(names)}, found {name!r}")
    parts = [part for part in map(_denoiser(pipe), DENOISERS) if part is not None]
    if not parts:
        if name == NATIVE:
            return ""
        raise ModelError(f"the attention of this model ({type(pipe).__name__}) cannot be chosen")
    try:
        for part in parts:
            part.set_attention_backend(name)  # also for torch's own: the library keeps the last one for all models
    except (RuntimeError, ValueError, ImportError) as error:
        raise ModelError(f"the attention {name!r} cannot be used here: {first_line(error)}") from error
    return "" if name == NATIVE else name


def _denoiser(pipe: Any) -> Callable[[str], Any]:
    """Answers the part of that name, when its attention can be chosen."""

    def found(name: str) -> Any:
        part = getattr(pipe, name, None)
        modules = part.modules() if isinstance(part, torch.nn.Module) else ()
        chooses = any(hasattr(getattr(module, "processor", None), "_attention_backend") for module in modules)
        return part if chooses else None

    return found


def _place(pipe: Any, device: str, memory: Memory) -> None:
    match memory:
        case Memory.OFFLOAD:
            pipe.enable_model_cpu_offload(device=device)
        case Memory.GROUP:
            there = torch.device(device)
            pipe.enable_group_offload(there, offload_type="leaf_level", use_stream=there.type == "cuda")
        case Memory.EIGHT_BITS | Memory.FOUR_BITS:
            for part in pipe.components.values():
                if isinstance(part, torch.nn.Module) and not getattr(part, "is_quantized", False):
                    part.to(device)  # quantised parts are on the GPU since they were loaded, and do not move
        case _:
            pipe.to(device)
