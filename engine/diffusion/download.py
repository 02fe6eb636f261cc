"""How far a download is, told from time to time: it may take hours, and the library's own bar has no terminal here."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from huggingface_hub import constants

_SECONDS = 2.0


@contextlib.contextmanager
def told_while_downloading(
    name: str, folder: Path, progress: Callable[[str], None], seconds: float = _SECONDS
) -> Iterator[None]:
    """While inside, says every so many seconds how many bytes have come to `folder`; called in another thread."""
    progress(f"downloading {name}")
    over, before = threading.Event(), _size(folder)

    def tell() -> None:
        while not over.wait(seconds):
            progress(f"downloading {name}: {(_size(folder) - before) / 1e9:.2f} GB so far")

    teller = threading.Thread(target=tell, name="download", daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()


def hub_folder(model: str) -> Path:
    """Where the library keeps the files of a model of the hub."""
    return Path(constants.HF_HUB_CACHE) / f"models--{model.replace('/', '--')}"


def _size(folder: Path) -> int:
    """Bytes of all files below; links are not followed."""
    total = 0
    with contextlib.suppress(OSError):  # files move while the library works
        for file in folder.rglob("*"):
            if not file.is_symlink() and file.is_file():
                total += file.stat().st_size
    return total
