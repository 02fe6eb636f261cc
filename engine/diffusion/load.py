"""Loading a model: from a `ModelChoice` to a pipeline on its device, or one sentence about why not.

Pickle files and code that a model brings along are refused.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import diffusers
import torch

from engine.diffusion.attention import set_attention
from engine.diffusion.compilation import compile_blocks
from engine.diffusion.components import load_missing_components, load_preview_vae, load_vae
from engine.diffusion.download import local_choice
from engine.diffusion.embeddings import load_embeddings, usable_choice
from engine.diffusion.libraries import silence_libraries, use_deterministic_kernels
from engine.diffusion.limits import budget_of, only_its_files
from engine.diffusion.loras import NO_LORAS, LoadedLoras, load_loras, unload_loras
from engine.diffusion.messages import why_not_loaded
from engine.diffusion.out_of_memory import is_out_of_memory
from engine.diffusion.packages import check_packages, check_tokenizers
from engine.diffusion.parts import empty_weight, load_parts
from engine.diffusion.placement import (
    choose_device,
    choose_dtype,
    choose_placement,
    has_room,
    place_pipeline,
    prepare_pipeline,
    quantisation_arguments,
)
from engine.diffusion.predictions import set_prediction
from engine.diffusion.prompts import PromptCache
from engine.diffusion.schedulers import OwnScheduler
from engine.diffusion.seams.empty_weights import EmptyWeights
from engine.diffusion.seams.noise import asks_for_noise
from engine.diffusion.seams.sealed import sealed
from engine.diffusion.seams.whole_weights import MissingWeightsError, whole_weights
from engine.errors import ModelError
from engine.models.defaults import carried_preview
from engine.models.files import ModelFiles
from engine.models.find import model_identity
from engine.models.index_file import pipeline_of
from engine.models.look import check_pipeline, look_at
from engine.models.memory import Memory
from engine.models.prediction import prediction_of
from engine.rendering.requests import LoadModel, ModelChoice
from latentpng.record import Json

_UNUSED = ("safety_checker", "feature_extractor", "image_encoder")
"""Components that a text alone does not need: no single file holds them, but configurations name them."""

_STORED_BYTES = 4
"""The most that a file takes for a value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedModel:
    """A pipeline that is ready to render.

    Attributes:
        choice: What was loaded; a download is replaced by the folder that it went to.
        pipe: The pipeline of diffusers.
        own: The scheduler that it came with.
        device: "cpu", "cuda", "cuda:1" or "mps".
        dtype: The name of the dtype: "float32", "float16" or "bfloat16".
        identity: What a picture's file records of the model.
        prompt_cache: Its encoded prompts.
        preview: The colours of its latents, if the model brings them (`Previewer`).
        tiny: The autoencoder for its previews, or None.
        attention: The attention back-end; "" for torch's own.
        memory: Where the weights are kept.
        compiled: Whether the first rendering compiles its repeated blocks.
        loras: What is said of its LoRA files.
    """

    choice: ModelChoice
    pipe: Any
    own: OwnScheduler
    device: str
    dtype: str
    identity: dict[str, Json]
    prompt_cache: PromptCache
    preview: tuple[tuple[float, ...], ...] = ()
    tiny: Any = None
    attention: str = ""
    memory: Memory = Memory.RESIDENT
    compiled: bool = False
    loras: LoadedLoras = NO_LORAS


def load_model(
    request: LoadModel, progress: Callable[[str], None], announce: Callable[[int], None] = lambda _: None
) -> LoadedModel:
    """Load a model.

    Args:
        request: What to load, and how.
        progress: Takes a few words at each stage.
        announce: Takes about how many bytes are going to be read, before the stage that reads them.

    Raises:
        ModelError: It cannot be used; the message says why, in one sentence.
    """
    silence_libraries()
    use_deterministic_kernels()
    choice = local_choice(request.model, progress)
    device = choose_device(request.device)
    kind = _checked_class(pipeline_of(choice.folder), choice.name)
    files = look_at(choice)
    check_tokenizers(files)
    announce(_STORED_BYTES * sum(files.parameter_counts.values()))
    dtype = _dtype(request, device, has_unet="unet" in files.index)
    placement = choose_placement(request, choice, files, device, dtype)
    stage = f"loading weights{_beside(choice)}"
    progress(f"{stage}: {placement.sentence}" if placement.sentence else stage)
    with only_its_files(request, choice):
        pipe = _pipeline(kind, choice, files, dtype, placement.memory)
        _check_complete(pipe, choice)
        set_prediction(pipe, choice, prediction_of(choice))
        loras = load_loras(pipe, choice)
        tiny = load_preview_vae(request.preview_vae, pipe, _precision(dtype)) if request.preview_vae else None
        embeddings = load_embeddings(pipe, choice.embeddings)
    attention = set_attention(pipe, request.attention, request.attention_then)
    if request.compile:
        compile_blocks(pipe, placement.memory)
    prepare_pipeline(pipe, device)
    cache = PromptCache(pipe)
    cache.use(embeddings)
    memory = place_pipeline(pipe, device, placement.memory, requested=request.memory != Memory.AUTO, progress=progress)
    return LoadedModel(
        choice=choice,
        pipe=pipe,
        own=OwnScheduler.of(pipe),
        device=device,
        dtype=str(dtype).removeprefix("torch."),
        identity=model_identity(usable_choice(choice, cache.embeddings), memory),
        prompt_cache=cache,
        preview=carried_preview(choice.folder),
        tiny=tiny.to(device) if tiny is not None else None,
        attention=attention,
        memory=memory,
        compiled=request.compile,
        loras=loras,
    )


def serves(loaded: LoadedModel, loaded_for: LoadModel, request: LoadModel) -> bool:
    """Return whether a loaded model is what a request asks for: the same weights, device and dtype.

    Its textual inversions may be others: see `with_embeddings`.

    It is not if all weights are on the GPU and leave no room for pictures of the requested size: then they have to be
    placed again.

    Args:
        loaded: The model.
        loaded_for: The request that it was loaded for.
        request: The new request.
    """
    if _load_key(loaded_for) != _load_key(request):
        return False
    if str(_dtype(request, loaded.device, has_unet=hasattr(loaded.pipe, "unet"))) != f"torch.{loaded.dtype}":
        return False
    settings, planned = request.settings, loaded.memory is Memory.RESIDENT and request.memory == Memory.AUTO
    return not planned or has_room(loaded.device, settings.width, settings.height, loaded.dtype)


def replace_loras(loaded: LoadedModel, loaded_for: LoadModel, request: LoadModel) -> LoadedModel | None:
    """Replace the LoRA files of a loaded model by those of a request, without loading the weights again.

    Args:
        loaded: The model.  It must not be used after an error.
        loaded_for: The request that it was loaded for.
        request: The new request.

    Returns:
        The model with the requested LoRA files; None if anything else differs, if the weights are offloaded or
        quantised, if a LoRA file was added to the weights, or if blocks are compiled, since they are compiled with
        their LoRA layers.

    Raises:
        ModelError: A LoRA file cannot be loaded.
    """
    bare = replace(request, model=replace(request.model, loras=loaded_for.model.loras))
    if loaded.compiled or loaded.loras.changed_weights or loaded.memory is not Memory.RESIDENT:
        return None
    if not serves(loaded, loaded_for, bare):
        return None
    choice = replace(loaded.choice, loras=request.model.loras)
    unload_loras(loaded.pipe)
    loaded.prompt_cache.clear()
    with sealed():
        loras = load_loras(loaded.pipe, choice)
    usable = usable_choice(choice, loaded.prompt_cache.embeddings)
    return replace(loaded, choice=choice, loras=loras, identity=model_identity(usable, loaded.memory))


def with_embeddings(loaded: LoadedModel, request: LoadModel) -> LoadedModel:
    """Return a loaded model with the textual inversions of a request; the weights stay as they are."""
    if loaded.choice.embeddings == request.model.embeddings:
        return loaded
    choice = replace(loaded.choice, embeddings=request.model.embeddings)
    with sealed():
        loaded.prompt_cache.use(load_embeddings(loaded.pipe, choice.embeddings))
    usable = usable_choice(choice, loaded.prompt_cache.embeddings)
    return replace(loaded, choice=choice, identity=model_identity(usable, loaded.memory))


def _load_key(request: LoadModel) -> tuple[object, ...]:
    computed = (request.attention, request.attention_then, request.compile)
    return replace(request.model, embeddings=()), request.device, computed, request.preview_vae, request.memory


def _dtype(request: LoadModel, device: str, *, has_unet: bool) -> torch.dtype:
    return choose_dtype(request.dtype, device, made_with=request.made_with, has_unet=has_unet)


def _pipeline(kind: Any, choice: ModelChoice, files: ModelFiles, dtype: torch.dtype, memory: Memory) -> Any:
    try:
        with budget_of(choice, files), EmptyWeights(), whole_weights():
            return _assembled(kind, choice, files, dtype, memory)
    except ModelError:
        raise
    except MissingWeightsError as error:
        raise ModelError(f"{choice.name!r} is damaged: {error}, download it again") from error
    except Exception as error:  # a broken model fails in as many ways as there are libraries
        if is_out_of_memory(error):
            raise ModelError(
                f"there is not enough memory to load {choice.name!r}: end other programs, or choose a smaller model"
            ) from error
        raise ModelError(f"{choice.name!r} cannot be loaded: {why_not_loaded(error)}") from error


def _assembled(kind: Any, choice: ModelChoice, files: ModelFiles, dtype: torch.dtype, memory: Memory) -> Any:
    more = {**_precision(dtype), **quantisation_arguments(memory, files.index, dtype)}
    if choice.is_single_file:
        more |= load_missing_components(choice, files, dtype)
    if choice.vae:
        more["vae"] = load_vae(choice, files.index, _precision(dtype))
    if choice.is_single_file:
        unused = {name: None for name in _UNUSED if name in files.index}
        more = unused | load_parts(files, dtype, other_vae=bool(choice.vae)) | more
    return kind.from_pretrained(
        str(files.folder),
        local_files_only=True,
        use_safetensors=True,
        **more,
        **({"variant": files.variant} if files.variant else {}),
    )


def _check_complete(pipe: Any, choice: ModelChoice) -> None:
    """Raise ModelError if a weight was left empty, whatever the libraries say of it."""
    for name, part in pipe.components.items():
        if not isinstance(part, torch.nn.Module) or getattr(part.config, "quantization_config", None):
            continue
        if weight := empty_weight(part):
            raise ModelError(
                f"{choice.name!r} is damaged: some weights of {name!r} are missing ({weight}, for example), "
                "download it again"
            )


def _precision(dtype: torch.dtype) -> dict[str, torch.dtype]:
    """Return the argument of `from_pretrained` and `from_single_file` that sets the dtype."""
    return {"dtype": dtype}


def _beside(choice: ModelChoice) -> str:
    """Return the files beside a single file, in words: some of them may have been found, not named."""
    names = [Path(file).name for file in (*choice.text_encoders, choice.vae) if file and choice.is_single_file]
    return f" with {', '.join(names)}" if names else ""


def _checked_class(pipeline: str, name: str) -> Any:
    """Return the class of a pipeline, checked before gigabytes are read."""
    kind = getattr(diffusers, pipeline, None)
    if kind is None or not hasattr(kind, "from_pretrained"):
        raise ModelError(f"{name!r} is a {pipeline}, which diffusers {diffusers.__version__} does not know")
    check_pipeline(pipeline, name)
    check_packages(kind, name)
    if problem := text_to_image_problem(kind):
        raise ModelError(f"{name!r} ({pipeline}) {problem}, so it cannot be used")
    return kind


def text_to_image_problem(kind: Any) -> str:
    """Return why a pipeline class makes no pictures from text, in a few words; "" if its signature looks as if it did.

    Args:
        kind: The class.
    """
    parameters = inspect.signature(kind.__call__).parameters
    if "prompt" not in parameters or "num_inference_steps" not in parameters or "num_frames" in parameters:
        return "does not make pictures from text"
    return "" if asks_for_noise(kind) else "asks for its initial noise in an unknown place"
