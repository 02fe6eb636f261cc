"""The record of a picture that is opened; for a picture of another tool, the error says how to import it."""

from __future__ import annotations

import shlex
from pathlib import Path

from latentpng.errors import FileError, NoLatentError, UnreadableFileError
from latentpng.record import LatentRecord


def record_of_picture(path: Path) -> LatentRecord:
    """Return the record that a picture carries.

    Args:
        path: A PNG that carries its noise.

    Raises:
        FileError: The file cannot be read, or carries no latent.
    """
    from latentpng.png.files import read_record

    try:
        return read_record(path)
    except (NoLatentError, UnreadableFileError) as error:
        tool = _foreign_tool(path)
        if not tool:
            raise
        raise type(error)(
            f"{path}: it carries no noise, but {tool} wrote its settings into it: "
            f"run 'latentpng import {shlex.quote(str(path))}' first, which rebuilds the noise from its seed"
        ) from error


def _foreign_tool(path: Path) -> str:
    """Return the name of the tool that wrote the settings of a picture; "" if there is none, or no seed."""
    from latentpng.foreign.names import TOOL_NAMES
    from latentpng.foreign.read import read_foreign

    try:
        foreign = read_foreign(path)
    except FileError:
        return ""
    return TOOL_NAMES.get(foreign.tool, "") if foreign.seed is not None else ""
