"""Downloads from the Hugging Face hub, only when the user asked for one, with their progress.

A download may take hours, and the library's own progress bar needs a terminal.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from diffusers import DiffusionPipeline
from huggingface_hub import constants
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

from engine.diffusion.messages import first_line
from engine.errors import ModelError
from engine.models.look import look_at_folder
from engine.rendering.requests import ModelChoice

_SECONDS = 2.0
_UNREACHABLE = (ConnectionError, TimeoutError, socket.gaierror)


def local_choice(choice: ModelChoice, progress: Callable[[str], None]) -> ModelChoice:
    """Return a model in this machine; download it first if the user asked for that.

    Args:
        choice: A local model, or a hub id with `download`.
        progress: Takes sentences about the download.

    Raises:
        ModelError: A local model is missing, or the download failed.
    """
    if not choice.download:
        if not Path(choice.path).exists():
            raise ModelError(f"there is no folder or file for the model {choice.name!r}: it was moved or deleted")
        return choice
    try:
        with reported_download(choice.name, hub_folder(choice.path), progress):
            folder = Path(str(DiffusionPipeline.download(choice.path, use_safetensors=True)))
    except Exception as error:  # the hub's errors share no base class but this
        raise ModelError(f"{choice.name!r} could not be downloaded: {_download_problem(error)}") from error
    look_at_folder(folder)
    return replace(choice, path=str(folder), download=False)


def _download_problem(error: BaseException) -> str:
    """Return what an error of the hub means, and what to do."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "the disk is full: free some space, or let HF_HOME name a folder on another disk"
    if isinstance(error, GatedRepoError):
        return "this is a gated model: accept its licence on the hub, then run `hf auth login`"
    if isinstance(error, RepositoryNotFoundError):
        return "there is no model of this name on the hub, or it is private: check the name, or run `hf auth login`"
    if any(isinstance(cause, _UNREACHABLE) or "Connect" in type(cause).__name__ for cause in _causes(error)):
        return "the Hugging Face hub cannot be reached: check the network connection, or name a model on this machine"
    return f"{first_line(error)}: check the network connection"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what led to it; the libraries wrap errors of the connection in others."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


@contextlib.contextmanager
def reported_download(
    name: str, folder: Path, progress: Callable[[str], None], seconds: float = _SECONDS
) -> Iterator[None]:
    """Report how many bytes arrived in a folder while the context is open.

    Args:
        name: What is downloaded.
        folder: Where it goes; it need not exist yet.
        progress: Takes a sentence; called from another thread.
        seconds: Between two reports.
    """
    progress(f"downloading {name}")
    finished, before = threading.Event(), _size(folder)

    def report() -> None:
        while not finished.wait(seconds):
            progress(f"downloading {name}: {(_size(folder) - before) / 1e9:.2f} GB so far")

    reporter = threading.Thread(target=report, name="download", daemon=True)
    reporter.start()
    try:
        yield
    finally:
        finished.set()
        reporter.join()


def hub_folder(model: str) -> Path:
    """Return the folder in which the client of the hub caches the files of a model ("org/name")."""
    return Path(constants.HF_HUB_CACHE) / f"models--{model.replace('/', '--')}"


def _size(folder: Path) -> int:
    """Return the bytes of all files below a folder; symlinks are not followed."""
    total = 0
    with contextlib.suppress(OSError):  # files are renamed while the library works
        for file in folder.rglob("*"):
            if not file.is_symlink() and file.is_file():
                total += file.stat().st_size
    return total
