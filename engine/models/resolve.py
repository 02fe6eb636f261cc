"""From what the user typed for a model, a LoRA or a VAE to a checked choice; every mistake is one sentence.  No torch.

Everything is checked before anything slow begins: is it there, is it whole, is it free of pickle, does it fit.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from engine.errors import ModelError
from engine.models.checkpoints import (
    check_is_model,
    check_is_vae,
    check_is_whole,
    check_same_family,
    named_folder,
    shipped_folder,
)
from engine.models.completion import complete_choice
from engine.models.contents import contents_of
from engine.models.defaults import ModelDefaults, carried_defaults, family_defaults, folder_defaults
from engine.models.index_file import read_index
from engine.models.json_files import read_config
from engine.models.library import Shelf, find_by_name, is_path, not_found
from engine.models.look import look_at, look_at_component, look_at_folder
from engine.models.lookups import remembered
from engine.models.model_root import INDEX, has_index
from engine.models.prediction import EPSILON, check_predicts, prediction_of
from engine.models.shipped import family_of
from engine.models.tiny_autoencoders import resolve_tiny_file
from engine.models.weights import GGUF_SUFFIX, PICKLE_SUFFIXES, check_weights_suffix, located, read_weights, typed_path
from engine.paths import is_file, is_folder, is_there
from engine.rendering.requests import ModelChoice
from latentpng.text import brief

EMBEDDED = "embedded"
NONE = "none"
"""In place of a file: no LoRA, or the model's own VAE, whatever a picture records."""

_WEIGHTS_SUFFIXES = (".safetensors", GGUF_SUFFIX, *PICKLE_SUFFIXES)
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_TINY = "AutoencoderTiny"


def resolve_model(
    text: str,
    *,
    config: str = "",
    download: bool = False,
    other_vae: bool = False,
    text_encoders: tuple[str, ...] = (),
    prediction: str = "",
) -> ModelChoice:
    """Return the model that `--model` means.

    Args:
        text: "" or "embedded", a diffusers folder, a weights file, the name of a model in the library, or a hub id.
        config: For a single file, a local diffusers folder of the same family; only its small files are read.  "" takes
            the configuration that ships for the file's family.
        download: Allow `text` to be a hub id, which is fetched later.
        other_vae: Another VAE replaces the model's own, so a single file may lack one.
        text_encoders: For a single file, the files of the text encoders that it lacks.
        prediction: What it predicts: "epsilon", "v_prediction", or "" for what its files say.

    Raises:
        ModelError: There is no such model, or it cannot be used.
    """
    if text in ("", EMBEDDED):
        if text_encoders:
            raise ModelError("--text-encoder completes a model of one file: name its file with --model")
        return ModelChoice(path=str(embedded_folder()), name=EMBEDDED, prediction=prediction)
    is_hub_id = bool(_HUB_ID.fullmatch(text)) and not text.startswith(".") and not text.endswith(_WEIGHTS_SUFFIXES)
    path = _found(Shelf.MODELS, text, in_library=not (download and is_hub_id))
    if is_folder(path):
        if path.resolve() == embedded_folder().resolve():
            return resolve_model(EMBEDDED, prediction=prediction, text_encoders=text_encoders)
        look_at_folder(path)
        if text_encoders:
            raise ModelError(f"--text-encoder completes a model of one file: {text!r} is a folder, which has its own")
        choice = ModelChoice(path=str(path.resolve()), name=_name_of(path.resolve()), prediction=prediction)
        check_predicts(choice)
        return choice
    if is_file(path):
        choice = _resolve_checkpoint(located(path), config, text_encoders, other_vae=other_vae)
        choice = replace(choice, prediction=prediction)
        check_predicts(choice)
        return choice
    if is_hub_id and download:
        return ModelChoice(path=text, name=text, download=True, prediction=prediction)
    hub = "; add --download to fetch it from the Hugging Face hub, if it is the name of a model there"
    raise ModelError(f"there is no folder or file {text!r}{not_found(Shelf.MODELS, text)}{hub if is_hub_id else ''}")


def resolve_vae(text: str) -> str:
    """Return the path of the VAE that `--vae` means: a VAE's folder, a model's folder, or a `.safetensors` file.

    Raises:
        ModelError: There is no such VAE, or it is damaged.
    """
    path = _found(Shelf.VAES, text)
    if is_folder(path):
        folder = path if (path / "config.json").is_file() else path / "vae"
        if not (folder / "config.json").is_file():
            raise ModelError(f"--vae needs the folder of a VAE: {text!r} has no config.json")
        look_at_component(folder)
        return str(folder.resolve())
    if not is_file(path):
        raise ModelError(
            f"--vae needs a folder or a .safetensors file: there is no {text!r}{not_found(Shelf.VAES, text)}"
        )
    check_weights_suffix(path, "a VAE is a folder or such a file")
    check_is_vae(path, read_weights(path))
    return str(located(path))


def resolve_preview_vae(text: str) -> str:
    """Return the path of the tiny autoencoder that `--preview-vae` means: a folder, or the file of a decoder.

    Raises:
        ModelError: There is no such folder or file, or it holds another kind of model.
    """
    folder = _found(Shelf.PREVIEWS, text)
    if not is_there(folder) and not is_path(text):
        raise ModelError(f"--preview-vae: there is no {text!r}{not_found(Shelf.PREVIEWS, text)}")
    if not is_folder(folder):
        return str(located(resolve_tiny_file(str(folder))))
    if not (folder / "config.json").is_file():
        raise ModelError(f"--preview-vae needs the folder of a tiny autoencoder: {text!r} has no config.json")
    kind = read_config(folder / "config.json").get("_class_name")
    if kind != _TINY:
        raise ModelError(f"--preview-vae needs an {_TINY}, found {brief(kind)} in {text!r}")
    look_at_component(folder)
    return str(folder.resolve())


@remembered
def defaults_of(choice: ModelChoice) -> ModelDefaults:
    """Return the settings to begin with for this model.

    For a hub id that is not downloaded yet, they are guessed from its name.

    Raises:
        ModelError: The index or the defaults in the model's folder are wrong.
    """
    folder = choice.folder
    if not has_index(folder):
        return family_defaults("", choice.name)
    defaults = carried_defaults(folder, folder_defaults(folder, choice.name))
    if family_of(choice.config) == "Stable Diffusion 2":
        side = 512 if prediction_of(choice).kind == EPSILON else 768
        return replace(defaults, width=side, height=side)
    return defaults


def embedded_folder() -> Path:
    """Return the folder of the model that ships with this package."""
    return Path(__file__).parents[1] / "embedded" / "model"


def _resolve_checkpoint(path: Path, config: str, text_encoders: tuple[str, ...], *, other_vae: bool) -> ModelChoice:
    if path.name == INDEX:
        raise ModelError(f"{path.name} is a file in a model's folder: name the folder instead")
    if path.suffix != GGUF_SUFFIX:
        check_weights_suffix(path, "a model is a diffusers folder or such a file")
    check_is_whole(path)
    contents = contents_of(read_weights(path))
    check_is_model(path, contents)
    folder = named_folder(config) if config else shipped_folder(path, contents)
    if config:
        check_same_family(path, contents, folder)
    place = folder if family_of(folder) else folder.resolve()  # what ships is told by its path, symlinks or not
    choice = ModelChoice(path=str(path), name=path.stem, config=str(place))
    choice = complete_choice(choice, read_index(folder), text_encoders, other_vae=other_vae)
    look_at(choice, other_vae=other_vae)
    return choice


def _found(shelf: Shelf, text: str, *, in_library: bool = True) -> Path:
    """The file or folder that a text means: a path that exists, else what has this name in the library."""
    path = typed_path(text)
    return path if is_there(path) or not in_library else find_by_name(shelf, text) or path


def _name_of(folder: Path) -> str:
    """The folder's name; for a snapshot in the hub's cache, the id of the model."""
    owner = folder.parent.parent.name
    if folder.parent.name == "snapshots" and owner.startswith("models--"):
        return owner.removeprefix("models--").replace("--", "/")
    return folder.name
