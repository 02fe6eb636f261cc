"""Saving a copy of a picture under a name that the person chooses."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from latentpng.errors import LatentPngError
from tui.app.screens.ask import PathScreen, problem_of_new

if TYPE_CHECKING:
    from engine.search.store import Finished


def ask_for_copy(finished: Finished) -> PathScreen:
    """Return the screen that asks for the name of the copy."""
    return PathScreen(
        f"Save a copy: type a file name in {Path.cwd()}, or a whole path",
        value=f"round{len(finished.record.lineage.rounds)}.png",
        check=problem_of_new,
    )


async def save_copy(path: Path, finished: Finished) -> str:
    """Write a picture with its record, in a thread.

    Args:
        path: A name that ends in .png; an existing file is replaced.
        finished: The picture.

    Returns:
        A sentence for the status line: where the copy is, or why it could not be written.
    """
    from latentpng.png.files import write_picture

    picture = finished.picture
    try:
        await asyncio.to_thread(write_picture, path, picture.width, picture.height, picture.rgb, finished.record)
    except LatentPngError as error:
        return str(error)
    return f"saved a copy as {path.absolute()}"
