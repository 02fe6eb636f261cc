"""Which files a command runs on: those named, and the PNGs of a folder; a bad one does not stop the others."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from latentpng.commands.output import STANDARD_OUTPUT, say
from latentpng.errors import ExitCode, InvalidValue, LatentPngError, NoLatent, UnreadableFile
from latentpng.opening import STANDARD_INPUT


def each(files: Sequence[str], action: Callable[[str], ExitCode], *, folders: bool = True) -> ExitCode:
    """Run an action on every file, go on after a bad one, and return the first exit code that is not 0."""
    first_bad = ExitCode.OK
    for file in files:
        code = _in_folder(file, action) if folders and is_folder(file) else _one(file, action)
        first_bad = first_bad or code
    return first_bad


def is_folder(file: str) -> bool:
    """True for a folder; never raises."""
    # not Path.is_dir, which raises where a name is too long or a folder is locked
    return file != STANDARD_INPUT and os.path.isdir(file)  # noqa: PTH112


def beside(file: str, suffix: str) -> str:
    """The output that belongs to an input: its name with another suffix; standard output for standard input."""
    return STANDARD_OUTPUT if file == STANDARD_INPUT else str(Path(file).with_suffix(suffix))


def _one(file: str, action: Callable[[str], ExitCode]) -> ExitCode:
    try:
        return action(file)
    except InvalidValue as error:
        say(f"{file}: {error}")
        return error.exit_code
    except LatentPngError as error:
        say(str(error))
        return error.exit_code


def _in_folder(folder: str, action: Callable[[str], ExitCode]) -> ExitCode:
    """The PNGs of a folder, by name, not those of its subfolders; the ones without a latent are passed over."""
    first_bad, carried = ExitCode.OK, False
    try:
        pictures = pictures_of(folder)
    except OSError as error:
        say(f"{folder}: it cannot be read ({error.strerror or error})")
        return UnreadableFile.exit_code
    for file in pictures:
        try:
            code = action(file)
            first_bad, carried = first_bad or code, True
        except NoLatent:
            continue
        except LatentPngError as error:
            say(str(error))
            first_bad, carried = first_bad or error.exit_code, True
    if not carried:
        say(f"{folder}: no PNG in this folder carries a latent")
        return NoLatent.exit_code
    return first_bad


def pictures_of(folder: str) -> list[str]:
    """Names that end in .png, sorted.  Pipes and devices are passed over, links that lead nowhere are not.  OSError."""
    # os, not pathlib, throughout: no Path for each of 10,000 files, and none that raises over a locked folder
    names = [name for name in os.listdir(folder) if name.lower().endswith(".png") and not name.startswith(".")]  # noqa: PTH208
    files = [str(Path(folder, name)) for name in sorted(names)]
    return [file for file in files if os.path.isfile(file) or not os.path.exists(file)]  # noqa: PTH110, PTH113
