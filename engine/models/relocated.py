"""Weights that a picture of our own records, found in the folders of this machine by their names and digests.

What was loaded here is remembered by its path (`remembered.py`).  On another machine, or after the files were moved,
the recorded name says where to look and the digest whether it is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from engine.errors import ModelError
from engine.models.library import Shelf, files_named
from engine.models.resolve import resolve_model
from engine.paths import is_file, is_folder
from engine.rendering.requests import ModelChoice

_MAX_TRIED = 8
"""Files of one name whose digests are computed: large files are read for it."""


def models_named(name: str, prediction: str = "") -> Iterator[ModelChoice]:
    """Yield the models of this machine that have a name and can be used.

    Args:
        name: As a picture records it.
        prediction: What the picture's model predicted, if it records that.
    """
    for path in files_named(Shelf.MODELS, name)[:_MAX_TRIED]:
        try:
            yield resolve_model(str(path), prediction=prediction, other_vae=True)
        except ModelError:
            continue


def file_named(shelf: Shelf, name: str, digest: str, compute: Callable[[Path], str]) -> str:
    """Return the path of the file of this name that has a digest; "" if there is none.

    Args:
        shelf: What is searched for.
        name: As a picture records it.
        digest: What `compute` has to return.
        compute: Computes the digest of a file.
    """
    for path in files_named(shelf, name)[:_MAX_TRIED] if name and digest else ():
        try:
            if (is_file(path) or is_folder(path)) and compute(path) == digest:  # reading a pipe would wait for ever
                return str(path)
        except (OSError, ValueError, ModelError):
            continue
    return ""
