"""What may be in a model's folder: regular files of a bounded size, and links that stay in the folder.  No torch.

Libraries open the files of a folder by their names.  A link to a device never ends, a pipe waits for a writer, and a
link to somewhere else reads what the model's author never had.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

from engine.errors import ModelError
from engine.models.model_root import model_root

_MAX_FILES = 4096
_MAX_LEVELS = 4
_MIB = 2**20
_LARGEST = MappingProxyType(
    {
        ".json": 64 * _MIB,
        ".txt": 32 * _MIB,
        ".model": 32 * _MIB,
        ".jinja": _MIB,
        ".tiktoken": 32 * _MIB,
        ".bpe": 8 * _MIB,
    }
)
"""The largest files that libraries read whole, in bytes; the largest tokenizers in use have 35 MB."""
_FILES = frozenset((*_LARGEST, ".safetensors"))
"""The ends of the names that libraries take for files."""
_OWN = Path(__file__).parents[1]


def check_members(folder: Path, root: Path) -> None:
    """Refuse a folder in which something is no regular file, is too large, or leads outside.

    Hidden files are not looked at, since none is read.

    Args:
        folder: The folder of a model, or of one component.
        root: The folder of the model, within which links may lead.

    Raises:
        ModelError: The message names the file.
    """
    if folder.resolve().is_relative_to(_OWN):
        return  # some installers link to the files of a package
    allowed = _allowed(root)
    for count, entry in enumerate(_entries(folder, _MAX_LEVELS), 1):
        if count > _MAX_FILES:
            raise ModelError(f"{folder.name!r} has more than {_MAX_FILES:,} files, so it is no folder of one model")
        _check(entry, allowed)


def check_link(file: Path) -> None:
    """Refuse a file of a model that is a link to somewhere outside of it.

    Raises:
        ModelError: The message names the file.
    """
    if file.is_symlink() and file.exists() and not _leads_into(file, _allowed(model_root(file.parent))):
        raise ModelError(_leads_out("/".join(file.parts[-2:])))


def _entries(folder: Path, levels: int) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            found = sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda entry: entry.name)
    except OSError as error:
        raise ModelError(f"the folder {folder.name!r} cannot be read: {error.strerror or error}") from error
    for entry in found:
        yield entry
        if entry.is_dir(follow_symlinks=False):
            if not levels:  # fingerprints cover files at any depth, so none may lie where nobody looks
                raise ModelError(
                    f"{entry.name!r} lies more than {_MAX_LEVELS} folders deep, so it belongs to no model: remove it"
                )
            yield from _entries(Path(entry.path), levels - 1)


def _check(entry: os.DirEntry[str], allowed: tuple[Path, ...]) -> None:
    name = "/".join(Path(entry.path).parts[-2:])
    try:
        status = entry.stat()
    except OSError:
        return  # a link that leads nowhere; it is reported if the file is needed
    if entry.is_symlink():
        if stat.S_ISDIR(status.st_mode):
            raise ModelError(f"{name} is a link to a folder, so it is not followed: put the folder itself there")
        if not _leads_into(Path(entry.path), allowed):
            raise ModelError(_leads_out(name))
    if stat.S_ISDIR(status.st_mode):
        if Path(entry.name).suffix in _FILES:
            raise ModelError(f"{name} is a folder, and belongs to no model: remove it")
        return
    if not stat.S_ISREG(status.st_mode):
        raise ModelError(f"{name} is no regular file, so it belongs to no model: remove it")
    limit = _LARGEST.get(Path(entry.name).suffix, status.st_size)
    if status.st_size > limit:
        raise ModelError(f"{name} has {status.st_size:,} bytes, and such a file may have {limit:,}: download it again")


def _leads_into(link: Path, folders: tuple[Path, ...]) -> bool:
    target = Path(os.path.realpath(link))
    return any(target.is_relative_to(folder) for folder in (*folders, _OWN))


def _leads_out(name: str) -> str:
    return f"{name} is a link to a file outside the model's folder: put the file itself there"


def _allowed(root: Path) -> tuple[Path, ...]:
    """Return the folders that links may lead into: the model's own, and where the cache of the hub keeps its files."""
    real = root.resolve()
    blobs = real.parent.parent / "blobs"
    is_cached = real.parent.name == "snapshots" and real.parent.parent.name.startswith("models--")
    return (real, blobs) if is_cached else (real,)
