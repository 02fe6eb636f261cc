"""Which files a command runs on: those named, and the pictures of a folder; a bad one does not stop the others."""

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
PICTURES = (".png", ".jpg", ".jpeg", ".webp")

Action: TypeAlias = Callable[[str], ExitCode]


class _Named(NamedTuple):
    """What one argument leads to: a file, or the pictures of a folder.  is_whole: all of it could be listed."""

    files: Sequence[str]
    folder: str = ""
    is_whole: bool = True


def each(files: Sequence[str], action: Action, *, folders: bool = True) -> ExitCode:
    """Run an action on every file, go on after a bad one, and return the worst exit code."""
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
    """Run an action on every file, and tell each bad one in a sentence.

    In a folder, files without a latent are passed over.
    recursive: look into the folders of a folder too.  suffixes: what the names in a folder end in, in lower case.
    empty: what is told of a folder in which all were passed over.
    expect: is given all files before the first action.
    """
    tally = Tally()
    named = [
        _in_folder(argument, suffixes, tally, recursive=recursive)
        if folders and is_folder(argument)
        else _Named(files=(argument,))
        for argument in arguments
    ]
    if expect is not None:
        expect([file for part in named for file in part.files])
    ticker = progress.Progress(sum(len(part.files) for part in named))
    try:
        for part in named:
            before = tally.passed_over
            for file in part.files:
                _run(file, action, tally, in_folder=bool(part.folder))
                if ticker.step():
                    flush()
            if part.folder and part.is_whole and tally.passed_over - before == len(part.files):
                say(f"{part.folder}: {empty}")
                tally.codes[ExitCode.NO_LATENT] += 1
    finally:
        progress.clear()
    return tally


def is_folder(file: str) -> bool:
    """True for a folder; never raises."""
    # not Path.is_dir, which raises where a name is too long or a folder is locked
    return file != STANDARD_INPUT and os.path.isdir(file)  # noqa: PTH112


def beside(file: str, suffix: str) -> str:
    """The output that belongs to an input: its name with another suffix; standard output for standard input."""
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


def _in_folder(folder: str, suffixes: tuple[str, ...], tally: Tally, *, recursive: bool) -> _Named:
    """The pictures of a folder, by name.  A folder that cannot be read is told."""
    from pathlib import Path

    files: list[str] = []
    waiting, is_whole = [str(Path(folder))], True
    while waiting:
        inner = waiting.pop()
        try:
            with os.scandir(inner) as entries:
                found = sorted(_told(entries, suffixes))
        except OSError as error:
            say(f"{inner}: it cannot be read ({error.strerror or error})")
            tally.codes[UnreadableFileError.exit_code] += 1
            is_whole = False
            continue
        start = "" if inner == "." else os.path.join(inner, "")  # noqa: PTH118 - no Path for each of 10,000 files
        files += [start + name for name, is_inner in found if not is_inner]
        if recursive:
            waiting += [start + name for name, is_inner in reversed(found) if is_inner]
    return _Named(files=files, folder=folder, is_whole=is_whole)


def _told(entries: Iterator[os.DirEntry[str]], suffixes: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    """Names of pictures and folders, and which it is.  Links that lead nowhere are pictures, pipes are not."""
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
    except OSError:  # a link to itself
        return False
