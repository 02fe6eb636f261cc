"""Load the components of a pipeline one by one, each from the file that holds its weights.

The files may be one single file or the separate files of ComfyUI, with scaled fp8, tied embeddings, or GGUF.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from accelerate import init_empty_weights

from engine.diffusion.gguf import gguf_arguments
from engine.diffusion.layouts import as_diffusers
from engine.diffusion.messages import why_not_loaded
from engine.diffusion.out_of_memory import is_out_of_memory
from engine.diffusion.seams.gguf import expand_outside_linear_layers
from engine.diffusion.seams.single_files import is_loadable, missing_weights
from engine.diffusion.state_dicts import read_part
from engine.diffusion.text_encoders import load_text_encoder, misfit
from engine.errors import ModelError
from engine.models.files import ModelFiles
from engine.models.parts import Part, is_optional

_ORIGINAL_UNET = "input_blocks."
_UNET_PREFIX = "model.diffusion_model."
"""What diffusers asks for in front of the original names of a UNet, but of no other denoiser."""

_COUNTERS = "num_batches_tracked"
"""Ends of the names of numbers that count training steps, which files may leave out."""
_MAX_LOST = 16
"""More weights than these are not lost: then the model is a smaller one."""
_WRONG_SHAPE = re.compile(
    r"because (?P<tensor>\S+) expected shape (?:torch\.Size\()?\[(?P<needed>[\d, ]*)\]\)?,? but got "
    r"(?:torch\.Size\()?\[(?P<found>[\d, ]*)\]"
)
"""What diffusers says of a tensor that does not fit."""


def load_parts(files: ModelFiles, dtype: torch.dtype, *, other_vae: bool = False) -> dict[str, Any]:
    """Load the components whose weights are in weights files.

    Args:
        files: The files of the model.
        dtype: Of the components; the weights of a GGUF file stay as they are stored and compute in it.
        other_vae: Another VAE replaces the model's own.

    Returns:
        Components by their names in the pipeline; None for a text encoder that the pipeline can do without, and for
        its tokenizer.

    Raises:
        ModelError: A component cannot be loaded, or is incomplete.
    """
    loaded: dict[str, Any] = {}
    for name, part in files.parts.items():
        kind = _class_of(files, name)
        if name == "vae" and other_vae:
            continue
        if name.startswith("text_encoder"):
            loaded[name] = load_text_encoder(part, kind, files.folder / name, dtype)
        else:
            loaded[name] = load_component(part, kind, files.folder, dtype)
    for name in files.index:
        if is_optional(files.pipeline, name) and name not in loaded and files.is_without(name):
            loaded[name] = loaded[name.replace("text_encoder", "tokenizer")] = None
    return loaded


def load_component(part: Part, kind: Any, folder: Path, dtype: torch.dtype) -> Any:
    """Load a denoiser or a VAE.

    Args:
        part: Where its weights are.
        kind: Its class, of diffusers.
        folder: The folder of the pipeline's configuration.
        dtype: Of its weights, or of its computation if they stay quantised.

    Raises:
        ModelError: It cannot be loaded, or weights are missing.
    """
    try:
        model = _load(part, kind, folder, dtype)
        missing = empty_weight(model)
    except ModelError:
        raise
    except Exception as error:  # a broken model fails in as many ways as there are libraries
        if is_out_of_memory(error):
            raise
        raise ModelError(_why_not_loaded(part, kind, folder, error)) from error
    if missing:
        raise ModelError(_incomplete(part, f" ({missing}, for example)"))
    return model.eval()


def empty_weight(model: torch.nn.Module) -> str:
    """Return the name of a weight that has no values; "" if all have some."""
    return next((name for name, value in model.state_dict().items() if value.is_meta), "")


def _why_not_loaded(part: Part, kind: Any, folder: Path, error: Exception) -> str:
    name = part.file.path.name
    if isinstance(error, KeyError):  # the converters of diffusers ask for each weight by its name
        return _incomplete(part, f" ({error.args[0]}, for example)")
    if isinstance(error, NotImplementedError) and "meta tensor" in str(error):
        if part.is_kept_quantised:
            return _incomplete(part)
        state = _named_for_converters(read_part(part, torch.float32))
        missing = missing_weights(kind, state, kind.load_config(folder / part.component, local_files_only=True))
        if len(missing) > _MAX_LOST:
            return (
                f"{name} lacks {len(missing)} weights of {part.component!r} ({missing[0]}, for example): it is smaller "
                "than its configuration describes, or damaged; name a folder of the same size with --config"
            )
        return _incomplete(part, f" ({missing[0]}, for example)" if missing else "")
    if wrong_shape := _WRONG_SHAPE.search(str(error)):
        return misfit(part, *wrong_shape.group("tensor", "found", "needed"))
    if "appear to be missing in the checkpoint" in str(error):
        of = f"{part.component!r} ({kind.__name__})"
        return f"{name} holds none of the weights of {of}: it is of another family, or no model"
    return f"{name} cannot be loaded as {kind.__name__}: {why_not_loaded(error)}"


def _incomplete(part: Part, example: str = "") -> str:
    return (
        f"{part.file.path.name} is damaged: some weights of {part.component!r} are missing{example}, download it again"
    )


def _load(part: Part, kind: Any, folder: Path, dtype: torch.dtype) -> Any:
    source: Any = str(part.file.path)
    more: dict[str, Any] = {}
    if part.is_kept_quantised:
        more = gguf_arguments(part.file.path, dtype)
    else:
        source = _named_for_converters(read_part(part, dtype))
    if is_loadable(kind):
        model = kind.from_single_file(
            source, config=str(folder), subfolder=part.component, local_files_only=True, dtype=dtype, **more
        )
        if part.is_kept_quantised:
            expand_outside_linear_layers(model, dtype)
        return model
    if part.is_kept_quantised:
        raise ModelError(f"{part.file.path.name} is a GGUF file, from which diffusers cannot load a {kind.__name__}")
    return _filled(part, kind, kind.load_config(folder / part.component, local_files_only=True), source).to(dtype)


def _filled(part: Part, kind: Any, config: dict[str, Any], state: dict[str, torch.Tensor]) -> Any:
    """Return a component of a class that diffusers cannot load from a single file, with the weights of a state."""
    with init_empty_weights(include_buffers=False):
        model = kind.from_config(config)
    needed = {name: value.shape for name, value in model.state_dict().items()}
    state = as_diffusers(kind.__name__, state, config, needed)
    for name, shape in needed.items():
        if name not in state and not name.endswith(_COUNTERS):
            raise KeyError(name)
        if name in state and state[name].shape != shape:
            raise ModelError(misfit(part, name, *(", ".join(map(str, sizes)) for sizes in (state[name].shape, shape))))
    model.load_state_dict(state, strict=False, assign=True)
    return model


def _named_for_converters(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the state with the prefix that diffusers needs to recognise a UNet in the layout of its authors."""
    if not any(name.startswith(_ORIGINAL_UNET) for name in state):
        return state
    return {f"{_UNET_PREFIX}{name}": value for name, value in state.items()}


def _class_of(files: ModelFiles, name: str) -> Any:
    library, class_name = (str(part) for part in files.index[name])
    kind = getattr({"diffusers": diffusers, "transformers": transformers}.get(library), class_name, None)
    if kind is None:
        raise ModelError(f"{files.path.name} needs a {class_name} of {library}, which is not installed here")
    return kind
