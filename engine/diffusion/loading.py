"""Models loaded: from a `ModelChoice` to a pipeline on its device, or one sentence about why not.

Refuses pickle, code that a model brings along, and downloads that nobody asked for.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from diffusers import DiffusionPipeline
from packaging.version import Version

from engine.diffusion.prompts import PromptMemo
from engine.diffusion.schedulers import OwnScheduler
from engine.diffusion.seams import noise_globals
from engine.errors import ModelProblem
from engine.families import carried_preview
from engine.models import INDEX, check_folder, check_pipeline, model_identity
from engine.plan import LoadModel, ModelChoice
from engine.weights import tensor_names, variant_of
from latentpng.record import Json

_DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedModel:
    """A pipeline that is ready.

    choice: with the folder that a download went to.  identity: what files record of it.
    own: the scheduler that it came with.  preview: the colours of its latents, where it tells them.
    """

    choice: ModelChoice
    pipe: Any
    own: OwnScheduler
    device: str
    dtype: str
    identity: dict[str, Json]
    memo: PromptMemo
    preview: tuple[tuple[float, ...], ...] = ()


def load_model(request: LoadModel, progress: Callable[[str], None]) -> LoadedModel:
    """ModelProblem when it cannot be used, in one sentence."""
    _keep_quiet()
    _compute_repeatably()
    choice = _fetched(request.model, progress)
    device = _device(request.device)
    dtype = _dtype(request, device, choice)
    progress("loading weights")
    pipe = _pipeline(choice, dtype)
    _check_complete(pipe, choice)
    pipe = _placed(pipe, device)
    return LoadedModel(
        choice=choice,
        pipe=pipe,
        own=OwnScheduler.of(pipe),
        device=device,
        dtype=str(dtype).removeprefix("torch."),
        identity=model_identity(choice),
        memo=PromptMemo(pipe),
        preview=carried_preview(choice.folder),
    )


def serves(loaded: LoadedModel, loaded_for: LoadModel, request: LoadModel) -> bool:
    """Does `request` ask for what is loaded: the same weights, in the same place and precision?"""
    if (loaded_for.model, loaded_for.device) != (request.model, request.device):
        return False
    return str(_dtype(request, loaded.device, loaded.choice)) == f"torch.{loaded.dtype}"


def _keep_quiet() -> None:
    """What these libraries say on stderr goes into a log; bars and notices would hide the errors there."""
    diffusers.utils.logging.set_verbosity_error()
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()


def _compute_repeatably() -> None:
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
            raise ModelProblem(f"there is no folder or file for the model {choice.name!r}")
        return choice
    progress(f"downloading {choice.name}")
    try:
        folder = Path(str(DiffusionPipeline.download(choice.path, use_safetensors=True)))
    except Exception as error:  # the hub's errors share no base class but this
        raise ModelProblem(f"{choice.name!r} could not be downloaded: {_first_line(error)}") from error
    check_folder(folder)
    return replace(choice, path=str(folder), download=False)


def _device(wanted: str) -> str:
    if wanted != "auto":
        try:
            torch.empty(0, device=wanted)
        except (RuntimeError, AssertionError) as error:
            raise ModelProblem(f"the device {wanted!r} cannot be used here: {_first_line(error)}") from error
        return wanted
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def chosen_dtype(wanted: str, device: str, *, made_with: tuple[str, str], has_unet: bool) -> torch.dtype:
    """For "auto": that of the picture to go on from, where `made_with` says that it came from such a device.

    Otherwise float32 on a CPU (float16 is ten times slower there); on a GPU float16 for UNets, bfloat16 for
    transformers.  ModelProblem when `wanted` is none of them.
    """
    if wanted != "auto":
        if wanted not in _DTYPES:
            raise ModelProblem(f"the dtype is one of {', '.join(_DTYPES)}, found {wanted!r}")
        return _DTYPES[wanted]
    kind = torch.device(device).type
    then, recorded = made_with
    if then == kind and recorded in _DTYPES:
        return _DTYPES[recorded]
    if kind == "cpu":
        return torch.float32
    return torch.float16 if has_unet or kind == "mps" else torch.bfloat16


def _dtype(request: LoadModel, device: str, choice: ModelChoice) -> torch.dtype:
    has_unet = "unet" in _index(choice)
    return chosen_dtype(request.dtype, device, made_with=request.made_with, has_unet=has_unet)


def _index(choice: ModelChoice) -> dict[str, Any]:
    index: dict[str, Any] = json.loads((choice.folder / INDEX).read_text("utf-8"))
    return index


def _pipeline(choice: ModelChoice, dtype: torch.dtype) -> Any:
    kind = _checked_class(str(_index(choice)["_class_name"]), choice.name)
    try:
        if choice.is_single_file:
            return kind.from_single_file(
                choice.path, config=choice.config, local_files_only=True, use_safetensors=True, **_precision(dtype)
            )
        variant = variant_of(Path(choice.path))
        return kind.from_pretrained(
            choice.path,
            local_files_only=True,
            use_safetensors=True,
            **_precision(dtype),
            **({"variant": variant} if variant else {}),
        )
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise ModelProblem(f"there is not enough memory to load {choice.name!r}") from error
    except Exception as error:  # a broken model fails in as many ways as there are libraries
        raise ModelProblem(f"{choice.name!r} cannot be loaded: {_first_line(error)}") from error


def _check_complete(pipe: Any, choice: ModelChoice) -> None:
    """ModelProblem when weights are missing, which the libraries replace by random ones or leave empty, silently."""
    for name, part in pipe.components.items():
        if not isinstance(part, torch.nn.Module) or getattr(part.config, "quantization_config", None):
            continue
        tensors = part.state_dict().values()
        stored = _stored_tensors(choice, name)
        # tied weights are stored once, so what shares its memory counts once
        distinct = len({tensor.data_ptr() for tensor in tensors}) if stored else 0
        if distinct > stored or any(tensor.is_meta for tensor in tensors):
            raise ModelProblem(f"{choice.name!r} is damaged: some weights of {name!r} are missing, download it again")


def _stored_tensors(choice: ModelChoice, component: str) -> int:
    """How many tensors the files of a component hold; 0 when that cannot be told (a single file)."""
    if choice.is_single_file:
        return 0
    files = (Path(choice.path) / component).glob("*.safetensors")
    return len({tensor for file in files for tensor in tensor_names(file)})


def _precision(dtype: torch.dtype) -> dict[str, torch.dtype]:
    """The argument was renamed on the way."""
    return {"torch_dtype" if Version(diffusers.__version__) < Version("0.42") else "dtype": dtype}


def _checked_class(pipeline: str, name: str) -> Any:
    """The pipeline's class, checked before gigabytes are read."""
    kind = getattr(diffusers, pipeline, None)
    if kind is None or not hasattr(kind, "from_pretrained"):
        raise ModelProblem(f"{name!r} is a {pipeline}, which diffusers {diffusers.__version__} does not have")
    check_pipeline(pipeline, name)
    parameters = inspect.signature(kind.__call__).parameters
    if "prompt" not in parameters or "num_inference_steps" not in parameters or "num_frames" in parameters:
        raise ModelProblem(f"{name!r} ({pipeline}) does not make pictures from text")
    if not noise_globals(kind):
        raise ModelProblem(f"{name!r} ({pipeline}) takes its initial noise from a place that is not known")
    return kind


def _placed(pipe: Any, device: str) -> Any:
    """On its device; parts of it wait in main memory when it does not fit."""
    pipe.set_progress_bar_config(disable=True)
    vae: Any = getattr(pipe, "vae", None)
    if hasattr(vae, "enable_slicing"):
        vae.enable_slicing()  # a batched decode in bfloat16 drifts
    if device != "cpu" and hasattr(pipe, "unet"):
        pipe.unet.to(memory_format=torch.channels_last)
    try:
        return pipe.to(device)
    except torch.OutOfMemoryError:
        torch.cuda.empty_cache()
    pipe.to("cpu")
    pipe.enable_model_cpu_offload(device=device)
    return pipe


def _first_line(error: BaseException) -> str:
    """What an error says, short, and without the home directory of the user."""
    text = (str(error).strip() or type(error).__name__).splitlines()[0]
    return text.replace(str(Path.home()), "~")[:300]
