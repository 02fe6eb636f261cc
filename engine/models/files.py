"""The files of a model as one value: its index, its components, and the headers of its weights.

`engine.models.look` makes it.  Checking, memory planning, fingerprints and loading all use it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.models.parts import Part
from engine.models.weights import WeightFile


@dataclass(frozen=True, kw_only=True, slots=True)
class ComponentFiles:
    """The files of one component of a diffusers folder.

    Attributes:
        folder: The component's folder.
        library: The library that its class comes from, for example "diffusers".
        class_name: The class.
        weights: Its weight files, of all variants; () for components without weights.
    """

    folder: Path
    library: str
    class_name: str
    weights: tuple[WeightFile, ...] = ()

    @property
    def name(self) -> str:
        """The component's name in the pipeline, for example "unet"."""
        return self.folder.name

    @property
    def only_variant(self) -> str:
        """ "fp16" when the weights exist in that variant only, "" otherwise."""
        return "fp16" if self.weights and all(".fp16." in file.path.name for file in self.weights) else ""

    def parameter_count(self, variant: str) -> int:
        """Return the number of values in the weights that are loaded when this variant is asked for."""
        return sum(file.parameter_count for file in loaded_files(self.weights, variant))


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelFiles:
    """The files of a whole model.

    Attributes:
        path: The diffusers folder, or the single file.
        folder: The diffusers folder that holds the configuration; `path` itself unless that is a single file.
        index: The object in `model_index.json`.
        pipeline: The class name of the pipeline.
        components: The components whose weights come from `folder`: all of them, or those that the single file lacks.
        lacking: The folders of the components that the single file lacks; () for a diffusers folder.
        checkpoint: The single file; None for a diffusers folder.
        parts: Where the weights of each component are that comes from a weights file; {} for a diffusers folder.
    """

    path: Path
    folder: Path
    index: Mapping[str, Any]
    pipeline: str
    components: tuple[ComponentFiles, ...]
    lacking: tuple[Path, ...] = ()
    checkpoint: WeightFile | None = None
    parts: Mapping[str, Part] = field(default_factory=dict)

    @property
    def variant(self) -> str:
        """ "fp16" when some component has its weights in that variant only, "" otherwise."""
        return next((part.only_variant for part in self.components if part.only_variant), "")

    @property
    def parameter_counts(self) -> dict[str, int]:
        """The number of values in the weights of each component."""
        counts = {part.name: part.parameter_count(self.variant) for part in self.components if part.weights}
        return counts | {name: part.parameter_count for name, part in self.parts.items()}

    @property
    def tensor_count(self) -> int:
        """The number of tensors in all weights."""
        count = sum(len(file.tensors) for part in self.components for file in part.weights)
        return count + sum(len(part.names) for part in self.parts.values())

    def loaded_values(self, value_bytes: int) -> dict[str, int]:
        """Return how many values of the dtype have the size of each component in memory.

        Weights that are kept as a GGUF file stores them count by their bytes, all others by their number, since fp8 is
        loaded in the dtype of the computation.

        Args:
            value_bytes: The size of one value of the dtype, in bytes.
        """
        kept = {name: part.stored_bytes for name, part in self.parts.items() if part.is_kept_quantised}
        return self.parameter_counts | {name: math.ceil(size / value_bytes) for name, size in kept.items()}

    @property
    def text_encoder_files(self) -> tuple[Path, ...]:
        """The files of text encoders beside a single file, in the order of the pipeline's components."""
        parts = (part for _, part in sorted(self.parts.items()) if part.file is not self.checkpoint)
        return tuple(dict.fromkeys(part.file.path for part in parts))

    def is_without(self, component: str) -> bool:
        """Return whether nothing has the weights of a component that the index names."""
        return component not in self.parts and all(folder.name != component for folder in self.lacking)


def loaded_files(files: tuple[WeightFile, ...], variant: str) -> tuple[WeightFile, ...]:
    """Return the files of a component that are loaded for a variant: those of the variant, or all if it has none."""
    return tuple(file for file in files if file.variant == variant) or files
