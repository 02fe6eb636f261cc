"""Why a folder is no model, in one sentence that says which folder or file is meant instead.  No torch."""

from __future__ import annotations

from pathlib import Path

from engine.models.model_root import INDEX, has_index
from engine.models.weights import PICKLE_SUFFIXES

_MODULAR_INDEX = "modular_model_index.json"
_CHECKPOINT_FOLDERS = ("models/Stable-diffusion", "models/checkpoints", "Stable-diffusion", "checkpoints")
"""Where A1111, Forge and ComfyUI keep checkpoints, below their own folder and below `models`."""
_MAX_NAMES = 5


def why_no_folder(folder: Path) -> str:
    """Return why a folder, which may not exist, is no diffusers folder."""
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
