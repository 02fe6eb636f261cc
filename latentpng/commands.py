"""What the `latentpng` command does, one function a command; each returns the exit code.

Data goes to standard output, the rest to standard error.  NumPy and Pillow are imported only where they are used.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from latentpng.errors import ExitCode, InvalidValue, LatentPngError, NoLatent, UnreadableFile, UnwritableFile
from latentpng.opening import STANDARD_INPUT
from latentpng.text import plain

_STANDARD_OUTPUT = "-"
_PATIENCE = 2.0  # seconds of silence


def inspect(files: Sequence[str], *, as_json: bool) -> ExitCode:
    """Show what each file says."""
    from latentpng.inspecting import inspect_file, json_line, lines

    many = len(files) > 1 or _is_folder(files[0])

    def show(file: str) -> ExitCode:
        front = inspect_file(file)
        if as_json:
            _show(json_line(front, file if many else ""))
        else:
            _show("\n".join([*([f"======== {plain(file)}"] if many else []), *lines(front)]))
        if front.newer:
            say(f"{file}: a newer version is needed: {front.newer}")
        return ExitCode.OK if front.metadata else ExitCode.NEWER_VERSION

    return _each(files, show)


def verify(files: Sequence[str]) -> ExitCode:
    """Check each file and print one line about it."""
    from latentpng.verify import verify_file

    def check(file: str) -> ExitCode:
        report = verify_file(file, _progress(file))
        if report.exit_code == ExitCode.NO_LATENT:
            raise NoLatent(report.problem)
        _show(report.line)
        return report.exit_code

    return _each(files, check)


def extract(file: str, output: str | None, rounds: int | None, *, force: bool) -> ExitCode:
    """Write the initial noise of a picture, or of its ancestor after so many rounds; output None: beside the file."""

    def write(file: str) -> ExitCode:
        from latentpng.files import read_record
        from latentpng.lineage import ancestor_noise
        from latentpng.tensors import check_suffix, tensor_file

        suffix = ".npy" if output in (None, _STANDARD_OUTPUT) else Path(output).suffix.lower()
        check_suffix(suffix)
        tell = _progress(file)
        record = read_record(file, tell)
        noise = ancestor_noise(record, len(record.lineage.rounds) if rounds is None else rounds, tell)
        target = _beside(file, ".npy" if rounds is None else f".round-{rounds}.npy") if output is None else output
        _write(target, tensor_file(noise, record.axes, suffix), force=force)
        return ExitCode.OK

    return _each([file], write, folders=False)


def strip(file: str, output: str | None, *, force: bool) -> ExitCode:
    """Remove what the format adds, in place (output None) or in a copy."""
    if file == STANDARD_INPUT and output is None:
        output = _STANDARD_OUTPUT

    def remove(file: str) -> ExitCode:
        from latentpng import files

        signed = file != STANDARD_INPUT and files.is_signed(file)
        if output == _STANDARD_OUTPUT:
            data, carried = files.stripped(file)
            _output().buffer.write(data)
        else:
            if output is not None:
                _check_target(output, force=force)
            carried = files.strip(file, output)
        if signed and carried:
            say(f"{file}: it has a C2PA signature, which does not fit the new bytes")
        if not carried:
            say(f"{file}: nothing to remove")
        return ExitCode.OK

    return _each([file], remove, folders=False)


def _each(files: Sequence[str], action: Callable[[str], ExitCode], *, folders: bool = True) -> ExitCode:
    """Run an action on every file, go on after a bad one, and return the first exit code that is not 0."""
    first_bad = ExitCode.OK
    for file in files:
        code = _in_folder(file, action) if folders and _is_folder(file) else _one(file, action)
        first_bad = first_bad or code
    return first_bad


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
        pictures = _pictures(folder)
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


def _progress(file: str) -> Callable[[int, int], None]:
    """Says how far a long replay is: after two seconds, then each time that it took twice as long."""
    start, patience = time.monotonic(), _PATIENCE

    def tell(done: int, total: int) -> None:
        nonlocal patience
        if time.monotonic() - start >= patience:
            patience *= 2
            say(f"{file}: {done} of {total} rounds replayed")

    return tell


def _is_folder(file: str) -> bool:
    # not Path.is_dir, which raises where a name is too long or a folder is locked
    return file != STANDARD_INPUT and os.path.isdir(file)  # noqa: PTH112


def _pictures(folder: str) -> list[str]:
    """Names that end in .png.  Pipes and devices are passed over, links that lead nowhere are not."""
    # os, not pathlib, throughout: no Path for each of 10,000 files, and none that raises over a locked folder
    names = [name for name in os.listdir(folder) if name.lower().endswith(".png") and not name.startswith(".")]  # noqa: PTH208
    files = [str(Path(folder, name)) for name in sorted(names)]
    return [file for file in files if os.path.isfile(file) or not os.path.exists(file)]  # noqa: PTH110, PTH113


def _beside(file: str, suffix: str) -> str:
    return _STANDARD_OUTPUT if file == STANDARD_INPUT else str(Path(file).with_suffix(suffix))


def _write(output: str, data: bytes, *, force: bool) -> None:
    from latentpng.atomic import write_atomically

    if output == _STANDARD_OUTPUT:
        _output().buffer.write(data)
        return
    _check_target(output, force=force)
    write_atomically(output, (data,))


def _check_target(output: str, *, force: bool) -> None:
    if not output:
        raise UnwritableFile("'': no file has such a name")
    if not force and os.path.lexists(output):
        raise UnwritableFile(f"{plain(output)}: it exists, and only --force replaces it")


def flush() -> None:
    """Let a full disk or a closed pipe be noticed while it can still be told.  OSError."""
    _output().flush()


def say(sentence: str) -> None:
    """One line on standard error, where there is one."""
    if sys.stderr is not None:
        sys.stderr.write(f"latentpng: {plain(sentence)}\n")


def _show(line: str) -> None:
    _output().write(f"{line}\n")


def _output() -> TextIO:
    if sys.stdout is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return sys.stdout
