"""Whether there is a file or a folder, asked of paths that may come from anywhere: a question that never fails.

`Path.is_file` and `Path.is_dir` raise where a name is too long, or where a folder above may not be searched.
"""

from __future__ import annotations

import os
from pathlib import Path


def is_file(path: Path) -> bool:
    """Return whether this is a file that can be seen."""
    return os.path.isfile(path)  # noqa: PTH113


def is_folder(path: Path) -> bool:
    """Return whether this is a folder that can be seen."""
    return os.path.isdir(path)  # noqa: PTH112


def is_there(path: Path) -> bool:
    """Return whether there is anything at this path that can be seen."""
    return os.path.exists(path)  # noqa: PTH110
