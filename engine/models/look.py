"""Look at the files of a model once, and refuse what cannot be used.

A `ModelFiles` exists only for a model that is whole, free of pickle and of code of its own, and made for text-to-image.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.errors import ModelError
from engine.models.config_values import check_configs
from engine.models.files import ComponentFiles, ModelFiles, loaded_files
from engine.models.index_file import components_of, read_index
from engine.models.lookups import remembered
from engine.models.members import check_members
from engine.models.model_root import has_index, model_root
from engine.models.no_folder import why_no_folder
from engine.models.parts import lacking_parts, parts_of
from engine.models.pipelines import missing_package, other_use
from engine.models.shards import component_weights
from engine.models.weights import WeightFile, read_weights
from engine.rendering.requests import ModelChoice

_NO_WEIGHTS = (
    "Tokenizer",
    "TokenizerFast",
    "Scheduler",
    "Guidance",
    "Processor",
    "Extractor",
    "ProcessorFast",
    "TokenizersBackend",
)
"""Ends of the names of classes that have a configuration, but no weights."""
_CONFIG_FILES = MappingProxyType({"Scheduler": "scheduler_config.json", "Guidance": "guider_config.json"})
"""Where such a configuration is not in a file of the usual name, and has to be there."""


@remembered
def look_at(choice: ModelChoice, *, other_vae: bool = False) -> ModelFiles:
    """Look at the files of a model that is on this machine.

    Args:
        choice: The model.
        other_vae: A single file may lack a VAE, even if the choice names none.

    Raises:
        ModelError: Something is missing, damaged, made of pickle files, or not for text-to-image.
    """
    if choice.is_single_file:
        return look_at_file(
            Path(choice.path),
            choice.folder,
            other_vae=other_vae or bool(choice.vae),
            text_encoders=choice.text_encoders,
        )
    return look_at_folder(choice.folder)


def look_at_folder(folder: Path) -> ModelFiles:
    """Look at a diffusers folder.

    Raises:
        ModelError: As in `look_at`.
    """
    index = _index_of(folder)
    check_members(folder, folder)
    pipeline = str(index["_class_name"])
    check_pipeline(pipeline, folder.name)
    components = tuple(_component(folder / name, *entry) for name, *entry in components_of(index))
    return ModelFiles(path=folder, folder=folder, index=index, pipeline=pipeline, components=components)


def look_at_file(
    path: Path, folder: Path, *, other_vae: bool = False, text_encoders: tuple[str, ...] = ()
) -> ModelFiles:
    """Look at a single-file checkpoint, and at the components that it lacks in a folder of the same family.

    Args:
        path: The checkpoint.
        folder: A diffusers folder of the same family.
        other_vae: Another VAE replaces the model's own, so that the checkpoint may lack one.
        text_encoders: The files of text encoders that are used instead of those of the checkpoint and the folder.

    Raises:
        ModelError: As in `look_at`.
    """
    checkpoint = read_weights(path)
    index = _index_of(folder)
    check_members(folder, folder)
    pipeline = str(index["_class_name"])
    check_pipeline(pipeline, folder.name)
    parts = parts_of(checkpoint, index, folder, tuple(read_weights(Path(file)) for file in text_encoders))
    for name, *_ in components_of(index):
        check_configs(folder / name)
    lacking = tuple(lacking_parts(index, folder, parts))
    needed = [part for part in lacking if not (part.name == "vae" and other_vae)]
    for part in needed:
        if not any(part.glob("*.safetensors")):
            raise ModelError(f"{path.name} holds no {part.name}, and the folder of --config has no weights for it")
    return ModelFiles(
        path=path,
        folder=folder,
        index=index,
        pipeline=pipeline,
        components=tuple(_with_weights(part, *index[part.name]) for part in needed),
        lacking=lacking,
        checkpoint=checkpoint,
        parts=parts,
    )


def look_at_component(folder: Path) -> tuple[WeightFile, ...]:
    """Look at the folder of one component, and read the headers of all its weight files.

    Raises:
        ModelError: The weights are missing, incomplete, damaged, or pickle files, or the folder cannot be used.
    """
    check_members(folder, model_root(folder))
    return _weights_of(folder)


def component_parameter_count(path: Path) -> int:
    """Return the number of values in the weights of a component's folder or of one file.

    Raises:
        ModelError: A file is missing or damaged.
    """
    files = (read_weights(path),) if path.is_file() else look_at_component(path)
    return sum(file.parameter_count for file in loaded_files(files, ""))


def check_pipeline(pipeline: str, name: str) -> None:
    """Refuse the pipeline classes that are known to do something else than drawing a picture of a text.

    Args:
        pipeline: The class name.
        name: The model's name, for the message.

    Raises:
        ModelError: The class cannot be used.
    """
    if what := other_use(pipeline):
        raise ModelError(f"{name!r} ({pipeline}) {what}: a text-to-image model is needed")
    if package := missing_package(pipeline):
        raise ModelError(
            f"{name!r} ({pipeline}) needs the Python package {package}: install it beside warmer, "
            f"for example with pip install {package}"
        )


def _index_of(folder: Path) -> Mapping[str, Any]:
    if not has_index(folder):
        raise ModelError(why_no_folder(folder))
    return read_index(folder)


def _component(folder: Path, library: str, class_name: str) -> ComponentFiles:
    if any((place / f"{library}.py").is_file() for place in (folder, folder.parent)):
        raise ModelError(f"{folder.parent.name!r} brings code of its own ({library}), which is never run")
    if not folder.is_dir():
        raise ModelError(f"the download is not complete: the folder {folder.name!r} is missing; download it again")
    config = next((file for end, file in _CONFIG_FILES.items() if class_name.endswith(end)), "config.json")
    needs_config = class_name.endswith(tuple(_CONFIG_FILES)) or not class_name.endswith(_NO_WEIGHTS)
    if needs_config and not (folder / config).is_file():
        raise ModelError(f"the download is not complete: {folder.name}/{config} is missing; download it again")
    if class_name.endswith(_NO_WEIGHTS):
        check_configs(folder)
        return ComponentFiles(folder=folder, library=library, class_name=class_name)
    return _with_weights(folder, library, class_name)


def _with_weights(folder: Path, library: object, class_name: object) -> ComponentFiles:
    return ComponentFiles(folder=folder, library=str(library), class_name=str(class_name), weights=_weights_of(folder))


def _weights_of(folder: Path) -> tuple[WeightFile, ...]:
    check_configs(folder)
    return component_weights(folder)
