"""The other pictures in the folder of a session: which of them descend from a picture of its tree.

Only the front of each file is read, about 4 KiB.  Reads files: call it in a thread.
"""

from __future__ import annotations

import contextlib
import heapq
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from engine.search.history import NO_NODE, Tree
from latentpng.errors import LatentPngError
from latentpng.identity import picture_keys

MAX_FILES = 2000
"""Files that are shown, the newest ones."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderFile:
    """A picture that is no node of the tree.

    Attributes:
        path: The file.
        node: The newest node of the tree that it descends from; NO_NODE for none.
        rounds: The number of rounds between that node and it; 0 for a copy of the node's picture.
        note: Why nothing is known of it, in a few words; "" otherwise.
    """

    path: Path
    node: int = NO_NODE
    rounds: int = 0
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderFiles:
    """The other pictures in a folder.

    Attributes:
        files: The pictures, by name.
        left_out: The number of older ones that are not among them.
    """

    files: tuple[FolderFile, ...] = ()
    left_out: int = 0


def other_files(folder: Path, tree: Tree, known: Collection[Path]) -> FolderFiles:
    """Return the PNG files of a folder that are not those of nodes; none when the folder cannot be read.

    Args:
        folder: The folder; it need not exist.
        tree: The tree of the session.
        known: The files of its nodes.
    """
    own = {os.path.abspath(path) for path in known}  # noqa: PTH100 (resolving symlinks would hide copies)
    try:
        with os.scandir(folder) as entries:
            pictures = [entry for entry in entries if entry.name.lower().endswith(".png")]
            times = [(time, Path(entry.path)) for entry in pictures if (time := _changed(entry)) is not None]
            found = [(time, path) for time, path in times if os.path.abspath(path) not in own]  # noqa: PTH100
    except OSError:
        return FolderFiles()
    newest = heapq.nlargest(MAX_FILES, found)
    nodes = {node.key: index for index, node in enumerate(tree.nodes)}
    files = tuple(_file(path, nodes) for path in sorted(path for _, path in newest))
    return FolderFiles(files=files, left_out=len(found) - len(newest))


def _changed(entry: os.DirEntry[str]) -> float | None:
    """Return when a file was changed; None for what is no file, such as a symlink that leads round in a circle."""
    with contextlib.suppress(OSError):
        if entry.is_file():
            return entry.stat().st_mtime
    return None


def _file(path: Path, nodes: dict[bytes, int]) -> FolderFile:
    from latentpng.reports.show import inspect_file

    try:
        metadata = inspect_file(path).parsed
    except (LatentPngError, OSError):
        return FolderFile(path=path, note="it carries no noise that can be read")
    if metadata is None:
        return FolderFile(path=path, note="it needs a newer version of warmer")
    keys = picture_keys(metadata.lineage)
    for behind, key in enumerate(reversed(keys)):
        if key in nodes:
            return FolderFile(path=path, node=nodes[key], rounds=behind)
    return FolderFile(path=path, note="of another search")
