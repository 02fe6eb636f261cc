"""From a folder that a person names, or a usual place, to the folders to search: programs are told by sub-folders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from engine.models.model_root import has_index
from engine.models.places.comfyui import EXTRA_PATHS, extra_places
from engine.models.places.invokeai import invokeai_models
from engine.models.places.place import Place
from engine.models.shelves import Shelf, shelf_of
from engine.paths import is_folder

_MODELS = "models"


def places_below(folder: Path, *, shelf: Shelf | None, origin: str, is_own: bool = False) -> tuple[Place, ...]:
    """Return the places of a folder: the root of a program, a folder with sorted sub-folders, or a plain one.

    Args:
        folder: The folder.
        shelf: What the folder holds where its sub-folders do not say it; None when that is not known.
        origin: As in `Place`.
        is_own: As in `Place`.
    """
    named = Place(path=folder, shelf=shelf, origin=origin, is_own=is_own)
    if has_index(folder):  # a diffusers model: its sub-folders are called unet and vae too
        return (named,)
    if invokeai_models(folder) is not None:
        return (replace(named, shelf=None),)
    extra = tuple(extra_places(folder / EXTRA_PATHS, named))
    in_models = [place for models in _folders_called(folder, _MODELS) for place in _known(models, named)]
    direct = list(_known(folder, named))
    if in_models:
        return (*in_models, *direct, *extra)
    if direct:
        return (replace(named, without=frozenset(place.path.name for place in direct)), *direct, *extra)
    return (named, *extra)


def _known(folder: Path, named: Place) -> Iterator[Place]:
    for sub in _subfolders(folder):
        if (shelf := shelf_of(sub.name)) is not None:
            yield replace(named, path=sub, shelf=shelf)


def _folders_called(folder: Path, name: str) -> list[Path]:
    return [sub for sub in _subfolders(folder) if sub.name.casefold() == name]


def _subfolders(folder: Path) -> list[Path]:
    try:
        return sorted(sub for sub in folder.iterdir() if is_folder(sub))
    except OSError:
        return []
