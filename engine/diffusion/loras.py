"""LoRA files loaded into a pipeline, each checked: the libraries leave out what does not fit without saying so."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from engine.diffusion.messages import first_line
from engine.errors import ModelError
from engine.rendering.requests import LoraChoice, ModelChoice


def load_loras(pipe: Any, choice: ModelChoice) -> None:
    """Load the LoRA files of a choice into a pipeline that has none, each with its weight.

    Raises:
        ModelError: The pipeline takes no LoRA files, or one of them cannot be loaded or changes nothing.
    """
    if not choice.loras:
        return
    if not hasattr(pipe, "load_lora_weights"):
        raise ModelError(f"{choice.name!r} ({type(pipe).__name__}) takes no LoRA files: leave out --lora")
    names = [f"lora{number}" for number in range(len(choice.loras))]
    for name, lora in zip(names, choice.loras, strict=True):
        _load_lora(pipe, lora, name, choice.name)
    pipe.set_adapters(names, [lora.weight for lora in choice.loras])


def unload_loras(pipe: Any) -> None:
    """Remove all LoRA weights from a pipeline."""
    if hasattr(pipe, "unload_lora_weights"):
        pipe.unload_lora_weights()


def _load_lora(pipe: Any, lora: LoraChoice, adapter_name: str, model: str) -> None:
    path = Path(lora.path)
    if not path.is_file():
        raise ModelError(f"there is no file for the LoRA {lora.name!r}: {path.name} was moved or deleted")
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Already found a `peft_config`")  # several adapters are intended
            pipe.load_lora_weights(
                str(path.parent),
                weight_name=path.name,
                adapter_name=adapter_name,
                local_files_only=True,
                use_safetensors=True,
            )
    except Exception as error:  # as many ways as there are formats
        raise ModelError(f"the LoRA {lora.name!r} does not fit {model!r}: {first_line(error)}") from error
    if not any(adapter_name in adapters for adapters in pipe.get_list_adapters().values()):
        raise ModelError(f"the LoRA {lora.name!r} changes nothing in {model!r}: it belongs to another family")
