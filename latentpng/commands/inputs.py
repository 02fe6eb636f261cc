"""The files that a command reads: those named, and the pictures in a folder.  A bad file does not stop the others."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from latentpng.commands import progress
from latentpng.commands.output import STANDARD_OUTPUT, flush, say
from latentpng.errors import ExitCode, InvalidValueError, LatentPngError, NoLatentError, UnreadableFileError
from latentpng.png.open import STANDARD_INPUT
from latentpng.reports.tally import Tally

PNG = (".png",)
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif")

Action: TypeAlias = Callable[[str], ExitCode]


class _Named(NamedTuple):
    """What one argument names.

    Attributes:
        files: The file itself, or the pictures in the folder.
        folder: The folder, "" for a file.
        is_complete: False when a folder, or one of its subfolders, could not be listed.
    """

    files: Sequence[str]
    folder: str = ""
    is_complete: bool = True


def each(files: Sequence[str], action: Action, *, folders: bool = True) -> ExitCode:
    """Run an action on every file and return the worst exit code; see `visit`."""
    return visit(files, action, folders=folders).worst


def visit(
    arguments: Sequence[str],
    action: Action,
    *,
    folders: bool = True,
    recursive: bool = False,
    suffixes: tuple[str, ...] = PNG,
    empty: str = "no PNG in this folder carries a latent",
    expect: Callable[[list[str]], None] | None = None,
) -> Tally:
    """Run an action on every file, and report each error in one sentence on standard error.

    Files without a latent that stand in a folder are skipped and only counted.

    Args:
        arguments: Files, folders, and "-" for standard input.
        action: What to do with one file; it returns its exit code or raises `LatentPngError`.
        folders: Read the pictures in folders; otherwise a folder is an argument like any file.
        recursive: Read subfolders too.
        suffixes: The endings of the pictures in a folder, in lower case.
        empty: The message for a folder in which every file was skipped.
        expect: A callback that gets the list of all files before the first action.

    Returns:
        The number of files per exit code.
    """
    tally = Tally()
    named = [
        _list_folder(argument, suffixes, tally, recursive=recursive)
        if folders and is_folder(argument)
        else _Named(files=(argument,))
        for argument in arguments
    ]
    if expect is not None:
        expect([file for part in named for file in part.files])
    bar = progress.Progress(sum(len(part.files) for part in named))
    try:
        for part in named:
            skipped_before = tally.passed_over
            for file in part.files:
                _run(file, action, tally, in_folder=bool(part.folder))
                if bar.step():
                    flush()
            if part.folder and part.is_complete and tally.passed_over - skipped_before == len(part.files):
                say(f"{part.folder}: {empty}")
                tally.codes[ExitCode.NO_LATENT] += 1
    finally:
        progress.clear()
    return tally


def is_folder(file: str) -> bool:
    """Return whether an argument is a folder; never raise."""
    # not Path.is_dir, which raises where a name is too long or a folder is locked
    return file != STANDARD_INPUT and os.path.isdir(file)  # noqa: PTH112


def beside(file: str, suffix: str) -> str:
    """Return the default output for an input.

    Returns:
        The name of the input with another suffix; "-", standard output, for standard input.
    """
    from pathlib import Path

    return STANDARD_OUTPUT if file == STANDARD_INPUT else str(Path(file).with_suffix(suffix))


def _run(file: str, action: Action, tally: Tally, *, in_folder: bool) -> None:
    try:
        code = action(file)
    except LatentPngError as error:
        code = error.exit_code
        if in_folder and isinstance(error, NoLatentError):
            tally.passed_over += 1
            return
        say(f"{file}: {error}" if isinstance(error, InvalidValueError) else str(error))
    tally.codes[code] += 1


def _list_folder(folder: str, suffixes: tuple[str, ...], tally: Tally, *, recursive: bool) -> _Named:
    """List the pictures in a folder by name, those of subfolders behind them.  Report a folder that cannot be read."""
    from pathlib import Path

    files: list[str] = []
    stack, is_complete = [str(Path(folder))], True
    while stack:
        current = stack.pop()
        try:
            with os.scandir(current) as entries:
                found = sorted(_pictures_and_folders(entries, suffixes))
        except OSError as error:
            say(f"{current}: it cannot be read ({error.strerror or error})")
            tally.codes[UnreadableFileError.exit_code] += 1
            is_complete = False
            continue
        start = "" if current == "." else os.path.join(current, "")  # noqa: PTH118 - no Path for each of 10,000 files
        files += [start + name for name, is_subfolder in found if not is_subfolder]
        if recursive:
            stack += [start + name for name, is_subfolder in reversed(found) if is_subfolder]
    return _Named(files=files, folder=folder, is_complete=is_complete)


def _pictures_and_folders(entries: Iterator[os.DirEntry[str]], suffixes: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    """Yield the name of each picture and subfolder, and whether it is a subfolder.

    Hidden entries, FIFOs and devices are skipped.  Broken symlinks are listed, so that reading them reports an error.
    """
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield entry.name, True
        elif entry.name.lower().endswith(suffixes) and (_is_file(entry) or not os.path.exists(entry)):  # noqa: PTH110
            yield entry.name, False


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a symlink to itself
        return False
