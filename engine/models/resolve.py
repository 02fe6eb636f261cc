"""Which model: from what the user typed to a `ModelChoice`, with every mistake told in one sentence; no torch.

Checks before anything slow begins: is it there, is it whole, is it free of pickle, can it make pictures from text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import ModelError
from engine.models.defaults import ModelDefaults, carried_defaults, family_defaults
from engine.models.weights import (
    PICKLES,
    check_component,
    check_safetensors,
    check_weights_file,
    parts_beside,
    read_json,
    tensor_names,
)
from engine.rendering.requests import ModelChoice

EMBEDDED = "embedded"
INDEX = "model_index.json"

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_NO_WEIGHTS = (
    "Tokenizer",
    "TokenizerFast",
    "Scheduler",
    "Processor",
    "Extractor",
    "ProcessorFast",
    "TokenizersBackend",
)
_OTHER_INPUT = ("Img2Img", "Inpaint", "ControlNet", "Upscale", "Pix2Pix", "Edit", "Kontext", "Fill", "Redux", "Video")


def resolve_model(text: str, *, config: str = "", download: bool = False, other_vae: bool = False) -> ModelChoice:
    """What `--model` means: "" or "embedded", a diffusers folder, a `.safetensors` file, a hub id with `download`.

    config: for a single file, a local diffusers folder of the same family; only its small files are read.
    other_vae: another VAE stands in place of its own, so a single file may lack one.
    """
    if text in ("", EMBEDDED):
        return ModelChoice(path=str(embedded_folder()), name=EMBEDDED)
    path = Path(text).expanduser()
    if path.is_dir():
        if path.resolve() == embedded_folder().resolve():
            return resolve_model(EMBEDDED)
        check_folder(path)
        return ModelChoice(path=str(path.resolve()), name=_name_of(path.resolve()))
    if path.is_file():
        return _single_file(path.resolve(), config, other_vae=other_vae)
    if _HUB_ID.fullmatch(text) and not text.startswith("."):
        if download:
            return ModelChoice(path=text, name=text, download=True)
        raise ModelError(
            f"there is no folder or file {text!r}; if it is a model on the Hugging Face hub, say --download as well"
        )
    raise ModelError(f"there is no folder or file {text!r}")


def check_folder(folder: Path) -> None:
    """ModelError unless `folder` is a whole diffusers folder that makes pictures from text, free of pickle."""
    if not (folder / INDEX).is_file():
        raise ModelError(_no_index(folder))
    index = read_json(folder / INDEX)
    check_pipeline(_pipeline(index, folder), folder.name)
    for name, entry in sorted(index.items()):
        if not name.startswith("_") and isinstance(entry, list) and len(entry) == 2 and all(entry):
            _check_entry(folder / name, str(entry[0]), str(entry[1]))


def check_pipeline(pipeline: str, name: str) -> None:
    """ModelError for the classes that are known to need more than a text."""
    if pipeline.endswith("CombinedPipeline"):
        raise ModelError(
            f"{name!r} is a combined pipeline ({pipeline}), which has no initial noise of its own: "
            "models in two stages cannot be used"
        )
    if any(word in pipeline for word in _OTHER_INPUT):
        raise ModelError(f"{name!r} ({pipeline}) needs more than a text: a text-to-image model is needed")


def defaults_of(choice: ModelChoice) -> ModelDefaults:
    """Where to begin with this model.  For a hub id, before it is downloaded: what its name tells."""
    folder = choice.folder
    if not (folder / INDEX).is_file():
        return family_defaults("", choice.name)
    known = family_defaults(pipeline_of(folder), choice.name)
    return carried_defaults(folder, known)


def embedded_folder() -> Path:
    """The model that ships with this package."""
    return Path(__file__).parents[1] / "embedded" / "model"


def _single_file(path: Path, config: str, *, other_vae: bool) -> ModelChoice:
    if path.name == INDEX:
        raise ModelError(f"{path.name} stands in a model's folder: name the folder")
    check_weights_file(path, "a model is a diffusers folder or such a file")
    check_safetensors(path)
    if _is_lora(path):
        raise ModelError(f"{path.name} is a LoRA, a change to a model, not a whole model")
    if not config:
        raise ModelError(
            f"{path.name} is a single file: say --config FOLDER, a local diffusers folder of the same family "
            "(only its small JSON files are read)"
        )
    folder = Path(config).expanduser()
    if not (folder / INDEX).is_file():
        raise ModelError(f"--config needs a diffusers folder: {config!r} has no {INDEX}")
    check_pipeline(pipeline_of(folder), folder.name)
    for part in parts_beside(path, folder):
        if part.name == "vae" and other_vae:
            continue
        if not any(part.glob("*.safetensors")):
            raise ModelError(f"{path.name} holds no {part.name}, and the folder of --config has no weights for it")
        check_component(part)
    return ModelChoice(path=str(path), name=path.stem, config=str(folder.resolve()))


def _is_lora(path: Path) -> bool:
    names = tensor_names(path)
    return bool(names) and all("lora" in name.casefold() or name.endswith(".alpha") for name in names)


def _check_entry(folder: Path, library: str, kind: str) -> None:
    if library.endswith(".py") or any((place / f"{library}.py").is_file() for place in (folder, folder.parent)):
        raise ModelError(f"{folder.parent.name!r} brings code of its own ({library}), which is never run")
    if not folder.is_dir():
        raise ModelError(f"the download is not complete: the folder {folder.name!r} is missing; download it again")
    if kind.endswith("Scheduler") and not (folder / "scheduler_config.json").is_file():
        raise ModelError(
            f"the download is not complete: {folder.name}/scheduler_config.json is missing; download it again"
        )
    if kind.endswith(_NO_WEIGHTS):
        return
    if not (folder / "config.json").is_file():
        raise ModelError(f"the download is not complete: {folder.name}/config.json is missing; download it again")
    check_component(folder)


def pipeline_of(folder: Path) -> str:
    """The class of the pipeline that a diffusers folder describes.  ModelError."""
    return _pipeline(read_json(folder / INDEX), folder)


def _pipeline(index: Mapping[str, Any], folder: Path) -> str:
    pipeline = index.get("_class_name")
    if isinstance(pipeline, list):
        raise ModelError(f"{folder.name!r} brings code of its own ({pipeline[0]}), which is never run")
    if not isinstance(pipeline, str) or not pipeline:
        raise ModelError(f"{INDEX} of {folder.name!r} names no pipeline")
    return pipeline


def _no_index(folder: Path) -> str:
    singles = sorted(file.name for file in folder.glob("*.safetensors"))
    text = f"{folder.name!r} is not a diffusers folder: it has no {INDEX}"
    if singles:
        return f"{text}; if you mean {singles[0]}, name the file itself"
    if (folder / "snapshots").is_dir():
        return f"{text}; name the folder inside its 'snapshots'"
    if any(file.suffix in PICKLES for file in folder.iterdir()):
        return f"{text}; and pickle files are never opened"
    return text


def _name_of(folder: Path) -> str:
    """The folder's name; for a snapshot in the hub's cache, the id of the model."""
    owner = folder.parent.parent.name
    if folder.parent.name == "snapshots" and owner.startswith("models--"):
        return owner.removeprefix("models--").replace("--", "/")
    return folder.name
