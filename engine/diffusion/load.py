"""Models loaded: from a `ModelChoice` to a pipeline on its device, or one sentence about why not.

Refuses pickle, code that a model brings along, and downloads that nobody asked for.
"""

from __future__ import annotations

import errno
import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from diffusers import DiffusionPipeline
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError
from packaging.version import Version

from engine.diffusion.compilation import compile_blocks
from engine.diffusion.components import first_line, lay_loras, missing_parts, other_vae, take_loras_off, tiny_vae
from engine.diffusion.download import hub_folder, told_while_downloading
from engine.diffusion.placement import (
    chosen_device,
    chosen_dtype,
    chosen_placement,
    has_room,
    placed,
    prepare,
    quantisation,
    use_attention,
)
from engine.diffusion.prompts import PromptMemo
from engine.diffusion.schedulers import OwnScheduler
from engine.diffusion.seams.steps import noise_globals
from engine.errors import ModelError
from engine.models.defaults import carried_preview
from engine.models.files import ModelFiles
from engine.models.find import model_identity
from engine.models.look import check_pipeline, look_at, look_at_folder, pipeline_of
from engine.models.memory import Memory
from engine.rendering.requests import LoadModel, ModelChoice
from latentpng.record import Json


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedModel:
    """A pipeline that is ready.

    choice: with the folder that a download went to.  identity: what files record of it.
    own: the scheduler that it came with.  preview: the colours of its latents, where it tells them.
    tiny: the autoencoder for its previews, where one was asked for.  attention: "" for torch's own.
    compiled: its repeated blocks are, or will be by the first rendering.
    """

    choice: ModelChoice
    pipe: Any
    own: OwnScheduler
    device: str
    dtype: str
    identity: dict[str, Json]
    memo: PromptMemo
    preview: tuple[tuple[float, ...], ...] = ()
    tiny: Any = None
    attention: str = ""
    memory: Memory = Memory.RESIDENT
    compiled: bool = False


def load_model(request: LoadModel, progress: Callable[[str], None]) -> LoadedModel:
    """ModelError when it cannot be used, in one sentence."""
    keep_quiet()
    compute_repeatably()
    choice = _fetched(request.model, progress)
    device = chosen_device(request.device)
    kind = _checked_class(pipeline_of(choice.folder), choice.name)
    files = look_at(choice)
    dtype = _dtype(request, device, has_unet="unet" in files.index)
    placement = chosen_placement(request, choice, files, device, dtype)
    progress(f"loading weights: {placement.sentence}" if placement.sentence else "loading weights")
    pipe = _pipeline(kind, choice, files, dtype, placement.memory)
    _check_complete(pipe, choice, files)
    lay_loras(pipe, choice)
    attention = use_attention(pipe, request.attention, request.attention_then)
    if request.compile:
        compile_blocks(pipe, placement.memory)
    tiny = tiny_vae(request.preview_vae, pipe, _precision(dtype)).to(device) if request.preview_vae else None
    prepare(pipe, device)
    memory = placed(pipe, device, placement.memory, asked=request.memory != Memory.AUTO, progress=progress)
    return LoadedModel(
        choice=choice,
        pipe=pipe,
        own=OwnScheduler.of(pipe),
        device=device,
        dtype=str(dtype).removeprefix("torch."),
        identity=model_identity(choice, memory),
        memo=PromptMemo(pipe),
        preview=carried_preview(choice.folder),
        tiny=tiny,
        attention=attention,
        memory=memory,
        compiled=request.compile,
    )


def serves(loaded: LoadedModel, loaded_for: LoadModel, request: LoadModel) -> bool:
    """Does `request` ask for what is loaded: the same weights, in the same place and precision?

    Not where its size leaves no room for weights that are all on the GPU: they are placed anew.
    """
    if _what_is_asked(loaded_for) != _what_is_asked(request):
        return False
    if str(_dtype(request, loaded.device, has_unet=hasattr(loaded.pipe, "unet"))) != f"torch.{loaded.dtype}":
        return False
    settings, planned = request.settings, loaded.memory is Memory.RESIDENT and request.memory == Memory.AUTO
    return not planned or has_room(loaded.device, settings.width, settings.height, loaded.dtype)


def with_other_loras(loaded: LoadedModel, loaded_for: LoadModel, request: LoadModel) -> LoadedModel | None:
    """What is loaded, with the LoRA files of `request`, where all else is the same; None where it is not.

    The weights stay where they are, and prompts are encoded anew.  None for compiled blocks too, which are compiled
    with their LoRA layers.  After a ModelError the pipeline is of no use.
    """
    bare = replace(request, model=replace(request.model, loras=loaded_for.model.loras))
    if loaded.compiled or loaded.memory is not Memory.RESIDENT or not serves(loaded, loaded_for, bare):
        return None
    choice = replace(loaded.choice, loras=request.model.loras)
    take_loras_off(loaded.pipe)
    loaded.memo.clear()
    lay_loras(loaded.pipe, choice)
    return replace(loaded, choice=choice, identity=model_identity(choice, loaded.memory))


def _what_is_asked(request: LoadModel) -> tuple[object, ...]:
    computed = (request.attention, request.attention_then, request.compile)
    return request.model, request.device, computed, request.preview_vae, request.memory


def keep_quiet() -> None:
    """What these libraries say on stderr goes into a log; bars and notices would hide the errors there."""
    diffusers.utils.logging.set_verbosity_error()
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()


def compute_repeatably() -> None:
    """Kernels chosen by rule, not by a race of them, and none that adds in the order in which threads come.

    The workspace of cuBLAS is the environment's (`worker.prepare_environment`).  What stays a choice of torch's, TF32
    and the kind of attention, is recorded in the file.
    """
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    if torch.cuda.is_available():
        torch.use_deterministic_algorithms(True, warn_only=True)


def _fetched(choice: ModelChoice, progress: Callable[[str], None]) -> ModelChoice:
    """A model of the hub as a local folder; local ones as they are, when they are still there."""
    if not choice.download:
        if not Path(choice.path).exists():
            raise ModelError(f"there is no folder or file for the model {choice.name!r}")
        return choice
    try:
        with told_while_downloading(choice.name, hub_folder(choice.path), progress):
            folder = Path(str(DiffusionPipeline.download(choice.path, use_safetensors=True)))
    except Exception as error:  # the hub's errors share no base class but this
        raise ModelError(f"{choice.name!r} could not be downloaded: {_why_no_download(error)}") from error
    look_at_folder(folder)
    return replace(choice, path=str(folder), download=False)


def _why_no_download(error: BaseException) -> str:
    """What stands behind an error of the hub, and what to do."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "the disk is full; free some space, or let HF_HOME name a folder on another disk"
    if isinstance(error, GatedRepoError):
        return "its owner wants to know who uses it; accept the terms on its page, then run `hf auth login`"
    if isinstance(error, RepositoryNotFoundError):
        return "there is no model of this name on the hub, or it is a private one"
    return f"{first_line(error)} (is there a connection?)"


def _dtype(request: LoadModel, device: str, *, has_unet: bool) -> torch.dtype:
    return chosen_dtype(request.dtype, device, made_with=request.made_with, has_unet=has_unet)


def _pipeline(kind: Any, choice: ModelChoice, files: ModelFiles, dtype: torch.dtype, memory: Memory) -> Any:
    more = {**_precision(dtype), **quantisation(memory, files.index, dtype)}
    if choice.is_single_file:
        more |= missing_parts(choice, files, dtype)
    if choice.vae:
        more["vae"] = other_vae(choice, files.index, _precision(dtype))
    try:
        if choice.is_single_file:
            return kind.from_single_file(
                choice.path, config=choice.config, local_files_only=True, use_safetensors=True, **more
            )
        return kind.from_pretrained(
            choice.path,
            local_files_only=True,
            use_safetensors=True,
            **more,
            **({"variant": files.variant} if files.variant else {}),
        )
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise ModelError(
            f"there is not enough memory to load {choice.name!r}: end other programs, or choose a smaller model"
        ) from error
    except Exception as error:  # a broken model fails in as many ways as there are libraries
        raise ModelError(f"{choice.name!r} cannot be loaded: {first_line(error)}") from error


def _check_complete(pipe: Any, choice: ModelChoice, files: ModelFiles) -> None:
    """ModelError when weights are missing, which the libraries replace by random ones or leave empty, silently."""
    for name, part in pipe.components.items():
        if not isinstance(part, torch.nn.Module) or getattr(part.config, "quantization_config", None):
            continue
        tensors = part.state_dict().values()
        stored = 0 if name == "vae" and choice.vae else len(files.tensor_names(name))
        # tied weights are stored once, so what shares its memory counts once
        distinct = len({tensor.data_ptr() for tensor in tensors}) if stored else 0
        if distinct > stored or any(tensor.is_meta for tensor in tensors):
            raise ModelError(f"{choice.name!r} is damaged: some weights of {name!r} are missing, download it again")


def _precision(dtype: torch.dtype) -> dict[str, torch.dtype]:
    """The argument was renamed on the way."""
    return {"torch_dtype" if Version(diffusers.__version__) < Version("0.42") else "dtype": dtype}


def _checked_class(pipeline: str, name: str) -> Any:
    """The pipeline's class, checked before gigabytes are read."""
    kind = getattr(diffusers, pipeline, None)
    if kind is None or not hasattr(kind, "from_pretrained"):
        raise ModelError(f"{name!r} is a {pipeline}, which diffusers {diffusers.__version__} does not have")
    check_pipeline(pipeline, name)
    parameters = inspect.signature(kind.__call__).parameters
    if "prompt" not in parameters or "num_inference_steps" not in parameters or "num_frames" in parameters:
        raise ModelError(f"{name!r} ({pipeline}) does not make pictures from text")
    if not noise_globals(kind):
        raise ModelError(f"{name!r} ({pipeline}) takes its initial noise from a place that is not known")
    return kind
