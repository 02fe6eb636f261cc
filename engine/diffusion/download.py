"""The progress of a download, reported at intervals: it may take hours, and the library's own bar needs a terminal."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from huggingface_hub import constants

_SECONDS = 2.0


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
