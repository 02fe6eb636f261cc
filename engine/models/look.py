"""Look at the files of a model once, and refuse what cannot be used.

A `ModelFiles` exists only for a model that is whole, free of pickle and of code of its own, and made for text-to-image.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.errors import ModelError
from engine.models.files import ComponentFiles, ModelFiles, loaded_files
from engine.models.json_files import read_config
from engine.models.lookups import remembered
from engine.models.parts import lacking_parts, parts_of
from engine.models.pipelines import missing_package, other_use
from engine.models.weights import PICKLE_SUFFIXES, WeightFile, read_weights
from engine.paths import is_file
from engine.rendering.requests import ModelChoice

INDEX = "model_index.json"
_MODULAR_INDEX = "modular_model_index.json"

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

_CHECKPOINT_FOLDERS = ("models/Stable-diffusion", "models/checkpoints", "Stable-diffusion", "checkpoints")
"""Where A1111, Forge and ComfyUI keep checkpoints, below their own folder and below `models`."""
_MAX_NAMES = 5


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
    pipeline = _pipeline_of(index, folder)
    check_pipeline(pipeline, folder.name)
    components = tuple(_component(folder / name, *entry) for name, entry in _entries(index))
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
    pipeline = _pipeline_of(index, folder)
    check_pipeline(pipeline, folder.name)
    parts = parts_of(checkpoint, index, folder, tuple(read_weights(Path(file)) for file in text_encoders))
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
    """Read the headers of all weight files of one component.

    Raises:
        ModelError: The weights are missing, incomplete, damaged, or pickle files.
    """
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        if any(file.suffix in PICKLE_SUFFIXES for file in folder.iterdir()):
            raise ModelError(
                f"the weights in {folder.name!r} are pickle files, which can run code when they are opened: "
                "get the .safetensors version of this model"
            )
        raise ModelError(
            f"the download is not complete: {folder.name!r} has no weights (.safetensors); download it again"
        )
    for index in sorted(folder.glob("*.safetensors.index*.json")):
        for shard in sorted(set(read_config(index).get("weight_map", {}).values())):
            if not (folder / str(shard)).is_file():
                raise ModelError(f"the download is not complete: {folder.name}/{shard} is missing; download it again")
    return tuple(map(read_weights, files))


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


def pipeline_of(folder: Path) -> str:
    """Return the class name of the pipeline that a diffusers folder describes.

    Raises:
        ModelError: The index cannot be read, or names no pipeline of diffusers.
    """
    return _pipeline_of(_index_of(folder), folder)


def has_index(folder: Path) -> bool:
    """Return whether this is a diffusers folder."""
    return is_file(folder / INDEX)


def _index_of(folder: Path) -> Mapping[str, Any]:
    if not has_index(folder):
        raise ModelError(_why_no_folder(folder))
    return read_config(folder / INDEX)


def _pipeline_of(index: Mapping[str, Any], folder: Path) -> str:
    pipeline = index.get("_class_name")
    if isinstance(pipeline, list):
        raise ModelError(f"{folder.name!r} brings code of its own ({pipeline[0]}), which is never run")
    if not isinstance(pipeline, str) or not pipeline:
        raise ModelError(f"{INDEX} of {folder.name!r} names no pipeline")
    return pipeline


def _entries(index: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, str]]]:
    """The components that an index names: name, and (library, class)."""
    for name, entry in sorted(index.items()):
        if name.startswith("_") or not isinstance(entry, list) or len(entry) != 2:
            continue
        library, class_name = entry
        if isinstance(library, str) and isinstance(class_name, str) and library and class_name:
            yield name, (library, class_name)  # two numbers are a setting of the pipeline


def _component(folder: Path, library: str, class_name: str) -> ComponentFiles:
    if library.endswith(".py") or any((place / f"{library}.py").is_file() for place in (folder, folder.parent)):
        raise ModelError(f"{folder.parent.name!r} brings code of its own ({library}), which is never run")
    if not folder.is_dir():
        raise ModelError(f"the download is not complete: the folder {folder.name!r} is missing; download it again")
    config = next((file for end, file in _CONFIG_FILES.items() if class_name.endswith(end)), "config.json")
    needs_config = class_name.endswith(tuple(_CONFIG_FILES)) or not class_name.endswith(_NO_WEIGHTS)
    if needs_config and not (folder / config).is_file():
        raise ModelError(f"the download is not complete: {folder.name}/{config} is missing; download it again")
    if class_name.endswith(_NO_WEIGHTS):
        return ComponentFiles(folder=folder, library=library, class_name=class_name)
    return _with_weights(folder, library, class_name)


def _with_weights(folder: Path, library: object, class_name: object) -> ComponentFiles:
    return ComponentFiles(
        folder=folder, library=str(library), class_name=str(class_name), weights=look_at_component(folder)
    )


def _why_no_folder(folder: Path) -> str:
    if not folder.is_dir():
        return f"the folder {folder.name!r} is not there any more"
    if (folder / "config.json").is_file() and has_index(folder.parent):
        return f"{folder.name!r} is a part of the model in the folder {folder.parent.name!r}: name that folder"
    text = f"{folder.name!r} is not a diffusers folder: it has no {INDEX}"
    if (folder / _MODULAR_INDEX).is_file():
        return f"{text}; {_MODULAR_INDEX} describes a pipeline that is put together from blocks, which warmer cannot do"
    if singles := _checkpoints_in(folder):
        return (
            f"{text}; if you mean {singles[0]}, name the file itself" if len(singles) == 1 else _choose(folder, singles)
        )
    if (folder / "snapshots").is_dir():
        return f"{text}; name the folder inside its 'snapshots'"
    if cached := sorted(path.name for path in folder.glob("models--*")):
        example = cached[0].removeprefix("models--").replace("--", "/")
        return f"{folder.name!r} is the cache of the Hugging Face hub: name one of its models, for example {example}"
    for below in _CHECKPOINT_FOLDERS:
        if singles := _checkpoints_in(folder / below):
            return f"{text}; {_choose(folder / below, singles, below)}"
    if any(file.suffix in PICKLE_SUFFIXES for file in folder.iterdir()):
        return f"{text}; and pickle files are never opened"
    return text


def _checkpoints_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.glob("*.safetensors"))


def _choose(folder: Path, names: list[str], where: str = "") -> str:
    """The sentence for a folder with several checkpoints."""
    shown = ", ".join(names[:_MAX_NAMES])
    more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
    return f"{where or repr(folder.name)} is a folder of checkpoints, so name one of its files: {shown}{more}"
