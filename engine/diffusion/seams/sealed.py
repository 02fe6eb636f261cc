"""Seam: while a model is loaded, nothing is unpickled, nothing connects, and no unknown file of its folder is opened.

What a folder holds is checked before (`engine.models.look`), so a library has no reason to do any of this.  Here Python
is kept from it in the thread that loads, whatever a new version of a library finds in a folder.  Native code that opens
a file by itself, and threads that a library starts, are not.

Assumptions, checked by tests/engine/diffusion/seams/test_sealed.py:
- Libraries call `torch.load` by this name, and whatever unpickles a class or a function, in Python or in C, reports the
  audit event "pickle.find_class".
- An audit hook that raises keeps what it was told of from happening, and its error is the cause or the context of what
  the library raises in its place.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import torch

from engine.errors import ForbiddenError

_CONNECTS = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")
_NO_FOLDER = "\0"
"""Begins no path: the thread is sealed, and may open any file."""


class _Seal(threading.local):
    """What the current thread must not do.

    Attributes:
        folders: The folders of the model, each with a separator at its end; () outside of `sealed`.
        files: The files in them that may be opened.
    """

    folders: tuple[str, ...] = ()
    files: frozenset[str] = frozenset()


_seal = _Seal()
_lock = threading.Lock()
_is_listening = False


@contextmanager
def sealed(folders: Iterable[Path] = (), files: Iterable[Path] = ()) -> Iterator[None]:
    """Let this thread load a model, and nothing else, until the end of the block.

    Args:
        folders: The folders that the model is loaded from.
        files: The files in them that may be opened.

    Raises:
        ForbiddenError: A library tried to; whatever it made of the error is replaced by it.
    """
    _listen()
    before, load = (_seal.folders, _seal.files), torch.load
    _seal.folders = tuple(f"{os.path.abspath(folder)}{os.sep}" for folder in folders) or (_NO_FOLDER,)  # noqa: PTH100 (links keep their names)
    _seal.files = frozenset(os.path.abspath(file) for file in files)  # noqa: PTH100 (links keep their names)
    torch.load = _refuse_pickle
    try:
        yield
    except Exception as error:
        if (forbidden := forbidden_in(error)) and forbidden is not error:
            raise forbidden from error
        raise
    finally:
        torch.load = load
        _seal.folders, _seal.files = before


def forbidden_in(error: BaseException | None) -> ForbiddenError | None:
    """Return the `ForbiddenError` that led to an error, None if none did."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, ForbiddenError):
            return error
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return None


def _listen() -> None:
    """Add the hook, once in a process: none can be removed."""
    global _is_listening
    with _lock:
        if not _is_listening:
            sys.addaudithook(_hear)
            _is_listening = True


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if not _seal.folders:
        return
    if event == "open" and isinstance(arguments[0], str | bytes):
        path = os.path.abspath(os.fsdecode(arguments[0]))  # noqa: PTH100 (links keep their names)
        if path.startswith(_seal.folders) and path not in _seal.files:
            raise ForbiddenError(f"loading the model would open {Path(path).name}, which belongs to no model")
    elif event == "pickle.find_class":
        _refuse_pickle()
    elif event in _CONNECTS:
        raise ForbiddenError("loading the model would reach for the network, which is never done")


def _refuse_pickle(*_: object, **__: object) -> NoReturn:
    raise ForbiddenError("loading the model would open a pickle file, which can run code: get its .safetensors version")
