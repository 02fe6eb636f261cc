"""`latentpng inspect --raw` and `--workflow`: the texts of other tools as they stand."""

from __future__ import annotations

import argparse
import sys

from latentpng.commands.inputs import PICTURES, is_folder, visit
from latentpng.commands.output import STANDARD_OUTPUT, flush, is_same_file, say, show, write
from latentpng.errors import ExitCode, UnwritableFileError
from latentpng.text import plain

_MARKS = _FILE_MARK, _TEXT_MARK = "========", "--------"
_EMPTY = "no picture in this folder has a text of another tool"


def run(given: argparse.Namespace) -> ExitCode:
    """Print the texts of each file, or save the graph of one."""
    if given.where or given.sort:
        say("--where and --sort choose among what inspect shows, so they cannot be used with --raw or --workflow")
        return ExitCode.USAGE
    if given.workflow is None:
        many = len(given.files) > 1 or is_folder(given.files[0])
        return visit(
            given.files,
            lambda file: _print_texts(file, named=many),
            recursive=given.recursive,
            suffixes=PICTURES,
            empty=_EMPTY,
        ).worst
    if len(given.files) > 1 or is_folder(given.files[0]):
        say("--workflow saves the graph of one file: name one picture, and no folder")
        return ExitCode.USAGE
    return visit(given.files, lambda file: _save_graph(file, given.workflow, force=given.force), folders=False).worst


def _print_texts(file: str, *, named: bool) -> ExitCode:
    from latentpng.reports.raw import foreign_reading

    reading = foreign_reading(file)
    if named:
        show(f"{_FILE_MARK} {plain(file)}")
    for keyword, text in reading.texts.items():
        show(f"{_TEXT_MARK} {plain(keyword)}")
        _print_text(text)
    for note in reading.record.notes:
        say(f"{file}: {note}")
    return ExitCode.OK


def _print_text(text: str) -> None:
    """Print a text: on a terminal without control characters and lines that look like a headline, else as it stands."""
    if sys.stdout.isatty():
        lines = map(plain, text.splitlines())
        show("\n".join(f" {line}" if line.startswith(_MARKS) else line for line in lines))
        return
    flush()
    sys.stdout.buffer.write(f"{text}\n".encode("utf-8", "surrogatepass"))


def _save_graph(file: str, output: str, *, force: bool) -> ExitCode:
    from latentpng.reports.raw import graph_of

    if is_same_file(file, output):
        say(f"{output}: this is the picture itself, which the graph would replace; choose another name")
        return ExitCode.UNWRITABLE
    graph = graph_of(file).encode("utf-8", "surrogatepass")
    try:
        write(output, graph + (b"\n" if output == STANDARD_OUTPUT else b""), force=force)
    except UnwritableFileError as error:
        say(str(error).replace("choose another --out", "choose another name"))
        return error.exit_code
    return ExitCode.OK
