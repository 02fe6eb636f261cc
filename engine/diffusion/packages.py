"""Packages that a model needs and that are not installed: each is one sentence, before anything is loaded."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from engine.diffusion.seams.dummies import needed_packages
from engine.errors import ModelError
from engine.models.files import ModelFiles
from engine.models.tokenizer_files import check_tokenizer
from engine.paths import is_folder

_FOR_SENTENCEPIECE = {"sentencepiece": "sentencepiece", "google.protobuf": "protobuf"}
"""The modules that read a tokenizer which is only a sentencepiece model, and their packages."""


def check_packages(kind: Any, name: str) -> None:
    """Refuse a pipeline for which diffusers lacks a package.

    Args:
        kind: The class of the pipeline.
        name: The model's name, for the message.

    Raises:
        ModelError: The message names the packages.
    """
    needed = needed_packages(kind)
    if needed:
        missing = [package for package in needed if not _is_installed(package)] or list(needed)
        raise ModelError(f"{name!r} ({kind.__name__}) needs {_packages(missing)}")


def check_tokenizers(files: ModelFiles) -> None:
    """Refuse a model with a tokenizer that cannot be read here, or that could run for ever or exhaust memory.

    Args:
        files: The files of the model.

    Raises:
        ModelError: The message names the packages, or the file.
    """
    for name in files.index:
        if is_folder(files.folder / name):
            check_tokenizer(files.folder / name)
    missing = [package for module, package in _FOR_SENTENCEPIECE.items() if not _is_installed(module)]
    for name in files.index if missing else ():
        if name.startswith("tokenizer") and _is_sentencepiece(files.folder / name):
            raise ModelError(f"the tokenizer {name!r} of {files.path.name!r} needs {_packages(missing)}")


def _is_sentencepiece(folder: Path) -> bool:
    return any(folder.glob("*.model")) and not (folder / "tokenizer.json").is_file()


def _packages(names: Iterable[str]) -> str:
    names = list(names)
    kind = "the package" if len(names) == 1 else "the packages"
    which = f"{kind} {' and '.join(names)}"
    verb = "is" if len(names) == 1 else "are"
    return f"{which}, which {verb} not installed here: pip install {' '.join(names)}"


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package above it is missing
        return False
