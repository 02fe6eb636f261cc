"""`warmer config`: where the configuration file is, what is in force and why, and which folders are searched."""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.configuration.read import VARIABLE, configuration_path, read_configuration
from engine.configuration.template import TEMPLATE
from engine.configuration.values import Configuration
from engine.errors import InvalidRequestError
from engine.models.library import shown
from engine.models.places.known import all_contents, usual_roots
from engine.models.places.place import Contents
from engine.models.start_model import start_model
from engine.options import Options
from engine.profiles import InForce, in_force
from engine.rendering.renderer import Renderer
from latentpng.errors import ExitCode, NameTakenError, UnwritableFileError
from latentpng.png.atomic import write_new
from latentpng.png.disk import make_folder
from latentpng.record import Json
from latentpng.text import plain
from tui.arguments import OutputArguments
from tui.commands.columns import Column, lines_of
from tui.commands.output import Output, say

_EDITOR = "vi"
_VALUES = (Column(title="key", least=8), Column(title="value", least=10), Column(title="from", least=10))
_FOLDERS = (
    Column(title="holds", least=8),
    Column(title="files", least=5, is_number=True),
    Column(title="from", least=8),
    Column(title="folder", least=10),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Arguments(OutputArguments):
    """What only `warmer config` is asked for.

    Attributes:
        edit: Open the file in an editor.
    """

    edit: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command line of `warmer config`."""
    parser.add_argument(
        "--edit",
        action="store_true",
        help="open the file in $VISUAL or $EDITOR, and check it afterwards; it is created if it does not exist",
    )
    parser.add_argument("--profile", metavar="NAME", help="show what is in force with this profile")
    parser.add_argument("--model", metavar="M", help="show what is in force with this model")


def run(options: Options, arguments: Arguments, renderer: Renderer) -> int:
    """Print or edit the configuration, and return the exit code."""
    del renderer
    if arguments.edit:
        return _edit(configuration_path())
    configuration = _readable()
    values = in_force(options, configuration, start_model())
    contents = all_contents(configuration)
    if arguments.json:
        Output(json_lines=True).entries(_entries(configuration, values, contents))
        return ExitCode.OK
    output = Output(json_lines=False)
    for line in _lines(configuration, values, contents):
        output.line(line)
    return ExitCode.OK


def _readable() -> Configuration:
    """The configuration; a file that the environment names and that does not exist is shown, not refused."""
    path = configuration_path()
    return read_configuration() if os.path.lexists(path) else Configuration(path=path)


def _lines(configuration: Configuration, values: tuple[InForce, ...], contents: tuple[Contents, ...]) -> Iterator[str]:
    missing = "" if configuration.exists else " (does not exist; `warmer config --edit` creates it)"
    named = f", named by {VARIABLE}" if os.environ.get(VARIABLE) else ""
    yield f"{shown(configuration.path)}{named}{missing}"
    yield ""
    rows = [[plain(text) for text in (each.key, _words(each.value), each.source)] for each in values]
    yield from (line.rstrip() for line in lines_of(_VALUES, rows, 0))
    if configuration.profiles:
        yield ""
        yield f"profiles: {', '.join(configuration.profiles)}"
    yield ""
    if not contents:
        roots = ", ".join(shown(Path(root)) for _, root in usual_roots())
        yield f"no folders of models were found; besides those of the file, {roots} are looked at"
        return
    rows = [[plain(text) for text in _folder(one)] for one in contents]
    yield from (line.rstrip() for line in lines_of(_FOLDERS, rows, 0))
    for folder in configuration.missing_folders:
        yield f"{shown(folder)} is not a folder, although the configuration file names it"


def _folder(one: Contents) -> tuple[str, ...]:
    place = one.place
    number = f"{len(one.entries):,}{'+' if one.is_cut else ''}"
    return (place.shelf or "anything", number, place.origin, shown(place.path))


def _words(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(map(str, value)) or "none" if isinstance(value, tuple) else str(value)


def _entries(
    configuration: Configuration, values: tuple[InForce, ...], contents: tuple[Contents, ...]
) -> dict[str, Json]:
    return {
        "path": str(configuration.path),
        "exists": configuration.exists,
        "values": [{"key": each.key, "value": _json(each.value), "from": each.source} for each in values],
        "profiles": list(configuration.profiles),
        "folders": [
            {
                "path": str(one.place.path),
                "holds": one.place.shelf or "anything",
                "files": len(one.entries),
                "from": one.place.origin,
                "complete": not one.is_cut,
            }
            for one in contents
        ],
        "missing": [str(folder) for folder in configuration.missing_folders],
    }


def _json(value: object) -> Json:
    match value:
        case tuple():
            return [str(each) for each in value]
        case int() | float() | str():
            return value
        case _:
            return str(value)


def _edit(path: Path) -> int:
    """Open the file in the editor of the person; what is wrong with it afterwards is raised."""
    try:
        make_folder(path.parent)
        with contextlib.suppress(NameTakenError):
            write_new((path,), (TEMPLATE.encode(),))
    except OSError as error:
        raise UnwritableFileError(f"{path}: it cannot be created: {error.strerror or error}") from error
    try:
        words = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or _EDITOR) or [_EDITOR]
    except ValueError as error:
        raise InvalidRequestError(f"VISUAL or EDITOR cannot be read as a command: {error}") from error
    try:
        code = subprocess.run([*words, str(path)], check=False).returncode
    except OSError as error:
        raise InvalidRequestError(
            f"the editor {words[0]!r} cannot be started: set VISUAL or EDITOR to one that is installed"
        ) from error
    if code:
        raise InvalidRequestError(f"the editor {words[0]!r} ended with exit code {code}; {path} may be unchanged")
    in_force(Options(), read_configuration(path))
    say(f"{shown(path)} has no mistakes")
    return ExitCode.OK
