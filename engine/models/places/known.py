"""All places that are searched for models: those of the configuration file, and those of programs in usual places.

Usual places are looked at only by their names, which costs nothing where they do not exist.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from engine.configuration.read import read_configuration
from engine.configuration.values import Configuration
from engine.models.places.hub import ORIGIN, contents_of_hub, hub_cache
from engine.models.places.invokeai import contents_of_invokeai, invokeai_models
from engine.models.places.layout import places_below
from engine.models.places.place import Contents, Place
from engine.models.places.scan import contents_of_place
from engine.models.shelves import Shelf
from engine.paths import is_folder

OWN = "configuration file"
USUAL_ROOTS = (
    ("A1111", "~/stable-diffusion-webui"),
    ("Forge", "~/stable-diffusion-webui-forge"),
    ("ComfyUI", "~/ComfyUI"),
    ("ComfyUI", "~/Documents/ComfyUI"),
    ("InvokeAI", "~/invokeai"),
)
"""Where the instructions of these programs put them."""
INVOKEAI_VARIABLE = "INVOKEAI_ROOT"
"""The environment variable by which InvokeAI itself finds its root."""


def all_contents(configuration: Configuration | None = None) -> tuple[Contents, ...]:
    """Return what each place holds, in the order in which they are searched; places without a folder are left out.

    Args:
        configuration: The configuration file; None to read that of this user.

    Raises:
        InvalidRequestError: The configuration file is wrong.
    """
    return tuple(map(contents_of, known_places(configuration)))


def contents_of(place: Place) -> Contents:
    """Return what a place holds."""
    if place.origin == ORIGIN:
        return contents_of_hub(place)
    models = invokeai_models(place.path) if place.shelf is None else None
    return contents_of_place(place) if models is None else contents_of_invokeai(place, models)


def known_places(configuration: Configuration | None = None) -> tuple[Place, ...]:
    """Return the places that exist, each once, in the order in which they are searched.

    Args:
        configuration: The configuration file; None to read that of this user.

    Raises:
        InvalidRequestError: The configuration file is wrong.
    """
    found: dict[tuple[Path, Shelf | None], Place] = {}
    for place in (*_own_places(configuration or read_configuration()), *_usual_places()):
        if is_folder(place.path):
            found.setdefault((place.path.resolve(), place.shelf), place)
    return tuple(found.values())


def _own_places(configuration: Configuration) -> Iterator[Place]:
    for key, folders in configuration.folders.items():
        for folder in folders:
            yield from places_below(folder, shelf=Shelf(key), origin=OWN, is_own=True)
    for root in configuration.roots:
        yield from places_below(root, shelf=None, origin=OWN, is_own=True)


def _usual_places() -> Iterator[Place]:
    for origin, text in usual_roots():
        root = Path(os.path.expanduser(text))  # noqa: PTH111 (Path's raises where there is no home)
        if is_folder(root):
            yield from (place for place in places_below(root, shelf=None, origin=origin) if place.path != root)
            if invokeai_models(root) is not None:
                yield Place(path=root, shelf=None, origin=origin)
    yield Place(path=hub_cache(), shelf=None, origin=ORIGIN)


def usual_roots() -> tuple[tuple[str, str], ...]:
    """Return the programs and the roots where they usually are."""
    named = os.environ.get(INVOKEAI_VARIABLE)
    return (*USUAL_ROOTS, ("InvokeAI", named)) if named else USUAL_ROOTS
