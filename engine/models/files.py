"""The files of a model as one value: its index, its components, and the headers of its weights.

`engine.models.look` makes it.  Checking, memory planning, fingerprints and loading all use it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.models.parts import Part
from engine.models.weights import WeightFile

_CHECKPOINT_PREFIXES = (
    ("first_stage_model.", "vae"),
    ("vae.", "vae"),
    ("cond_stage_model.", "clip"),
    ("conditioner.", "clip"),
    ("text_encoders.clip", "clip"),
    ("text_encoders.t5", "t5"),
)
"""How the tensors of a single-file checkpoint are named that do not belong to its denoiser."""


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
        parts: Where the weights are of each component that is loaded from a weights file by itself; {} for a folder,
            and for a single file that diffusers reads as a whole.
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
        """The number of values in the weights of each component.

        A single file does not name its components.  Its own are "denoiser", "vae", "clip" and "t5".
        """
        counts = {part.name: part.parameter_count(self.variant) for part in self.components if part.weights}
        if self.parts:
            return counts | {name: part.parameter_count for name, part in self.parts.items()}
        for name, shapes in by_component(self.checkpoint).items():
            counts[name] = WeightFile(path=self.path, tensors=shapes).parameter_count
        return counts

    @property
    def text_encoder_files(self) -> tuple[Path, ...]:
        """The files of text encoders beside a single file, in the order of the pipeline's components."""
        parts = (part for _, part in sorted(self.parts.items()) if part.file is not self.checkpoint)
        return tuple(dict.fromkeys(part.file.path for part in parts))

    def is_without(self, component: str) -> bool:
        """Return whether nothing has the weights of a component that the index names."""
        return component not in self.parts and all(folder.name != component for folder in self.lacking)

    def tensor_names(self, component: str) -> frozenset[str]:
        """Return the names of the tensors stored for a component of a folder; empty for a single file's own."""
        if self.checkpoint is not None:
            return frozenset()
        found = (part.weights for part in self.components if part.name == component)
        return frozenset(name for files in found for file in files for name in file.tensors)


def loaded_files(files: tuple[WeightFile, ...], variant: str) -> tuple[WeightFile, ...]:
    """Return the files of a component that are loaded for a variant: those of the variant, or all if it has none."""
    return tuple(file for file in files if file.variant == variant) or files


def by_component(checkpoint: WeightFile | None) -> dict[str, dict[str, tuple[int, ...]]]:
    """Return the shapes of a single file's tensors, grouped by the component that their names tell."""
    found: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, shape in checkpoint.tensors.items() if checkpoint else ():
        part = next((part for prefix, part in _CHECKPOINT_PREFIXES if name.startswith(prefix)), "denoiser")
        found.setdefault(part, {})[name] = shape
    return found
