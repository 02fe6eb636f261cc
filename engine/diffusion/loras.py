"""LoRA files loaded into a pipeline, each checked: the libraries leave out what does not fit without saying so.

diffusers and peft run LoRA files beside the weights.  LoHa, LoKr and whole differences are added to the weights.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from engine.diffusion.adapter_layers import LayerIndex
from engine.diffusion.lora_fit import check_finite, check_fit, stored_layers
from engine.diffusion.merging import UsedLayers, merge_adapter
from engine.diffusion.messages import first_line
from engine.diffusion.seams.adapter_scales import layers_beside, set_alphas
from engine.errors import ModelError
from engine.models.adapter_headers import StoredScales, check_adapter, check_alpha, stored_scales
from engine.models.loras import needs_merging
from engine.models.weights import WeightFile, read_weights
from engine.rendering.requests import LoraChoice, ModelChoice


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedLoras:
    """The LoRA files of a loaded model.

    Attributes:
        notices: A sentence for each file of which only a part could be used.
        changed_weights: Whether one of them was added to the weights, so that it cannot be removed again.
    """

    notices: tuple[str, ...] = ()
    changed_weights: bool = False


NO_LORAS = LoadedLoras()
"""No LoRA files."""


def load_loras(pipe: Any, choice: ModelChoice) -> LoadedLoras:
    """Load the LoRA files of a choice into a pipeline that has none, each with its weight.

    Args:
        pipe: The pipeline.
        choice: Names the files.

    Raises:
        ModelError: The pipeline takes no LoRA files, or one of them cannot be loaded or changes nothing.
    """
    if not choice.loras:
        return NO_LORAS
    index = LayerIndex(pipe)
    sentences: list[str] = []
    beside: list[tuple[str, float]] = []
    # what is added to the weights goes first: peft wraps the layers that it changes
    for lora in sorted(choice.loras, key=lambda lora: not _is_merged(lora)):
        file = read_weights(Path(lora.path))
        check_adapter(file)
        check_fit(file, lora.name, index, pipe, choice.name)
        if needs_merging(file):
            used = merge_adapter(lora, index, choice.name)
        else:
            name = f"lora{len(beside)}"
            used = UsedLayers(used=_load_lora(pipe, lora, file, name, choice.name), stored=stored_layers(file))
            beside.append((name, lora.weight))
        if used.used < used.stored:
            sentences.append(
                f"the LoRA {lora.name!r} was used in part: {choice.name!r} has {used.used} of its {used.stored} layers"
            )
    if beside:
        pipe.set_adapters([name for name, _ in beside], [weight for _, weight in beside])
    return LoadedLoras(notices=tuple(sentences), changed_weights=len(beside) < len(choice.loras))


def unload_loras(pipe: Any) -> None:
    """Remove all LoRA weights from a pipeline; what was added to the weights stays there."""
    if hasattr(pipe, "unload_lora_weights"):
        pipe.unload_lora_weights()


def _is_merged(lora: LoraChoice) -> bool:
    path = Path(lora.path)
    if not path.is_file():
        raise ModelError(f"there is no file for the LoRA {lora.name!r}: {path.name} was moved or deleted")
    return needs_merging(read_weights(path))


def _load_lora(pipe: Any, lora: LoraChoice, file: WeightFile, adapter_name: str, model: str) -> int:
    """Load a LoRA beside the weights, and return how many layers it has there."""
    if not hasattr(pipe, "load_lora_weights"):
        raise ModelError(f"{model!r} ({type(pipe).__name__}) takes no LoRA files: leave out --lora")
    scales, tensors = stored_scales(file), _tensors(file, lora, model)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Already found a `peft_config`")  # several adapters are intended
            # given tensors and not a file, the libraries see nothing of its header
            pipe.load_lora_weights(tensors, adapter_name=adapter_name)
    except Exception as error:  # as many ways as there are formats
        raise ModelError(f"the LoRA {lora.name!r} does not fit {model!r}: {first_line(error)}") from error
    if not any(adapter_name in adapters for adapters in pipe.get_list_adapters().values()):
        raise ModelError(f"the LoRA {lora.name!r} changes nothing in {model!r}: it belongs to another family")
    if scales != StoredScales():
        set_alphas(pipe, adapter_name, scales.alpha, scales.by_root)
    return sum(1 for _ in layers_beside(pipe, adapter_name))


def _tensors(file: WeightFile, lora: LoraChoice, model: str) -> dict[str, torch.Tensor]:
    """Return the tensors of a LoRA, which are numbers, and whose alphas are in range."""
    tensors = load_file(file.path)
    for name, tensor in tensors.items():
        if not tensor.is_floating_point() and not name.endswith(".alpha"):
            raise ModelError(
                f"the LoRA {lora.name!r} does not fit {model!r}: {name} holds values of the kind {tensor.dtype}"
            )
        if name.endswith(".alpha"):
            try:
                check_alpha(float(tensor))
            except (ValueError, RuntimeError) as error:
                raise ModelError(f"the LoRA {lora.name!r} cannot be used: in {name}, {error}") from error
        check_finite(tensor, name, lora.name)
    return tensors
