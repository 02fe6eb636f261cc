"""`latentpng inspect`: show what files record, for all files or for chosen ones, in any order.

It also prints the texts of other tools as they stand, and saves the graph of ComfyUI.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from latentpng.commands.inputs import PICTURES, is_folder, visit
from latentpng.commands.output import say, show
from latentpng.errors import ExitCode, InvalidValueError
from latentpng.text import plain

if TYPE_CHECKING:
    from latentpng.reports.conditions import Condition
    from latentpng.reports.fields import Value
    from latentpng.reports.look import PictureInfo

_EMPTY = "no picture in this folder carries a latent or the metadata of another tool"
_EPILOG = """\
A picture without a latent is shown too if it has metadata of a known tool (A1111, ComfyUI, InvokeAI and others);
such metadata is also read from JPEG, WebP, AVIF and GIF files. --raw prints all texts of a file, also those that are
not understood; on a terminal, control characters are left out.

fields of --where and --sort:
  texts, compared without regard to case:
    name, model, scheduler, prompt, negative, node,
    tool (latentpng, a1111, comfyui, ...), root (seed or tensor), dims (such as 4x64x64),
    carrier (chunk, twin, parameters or foreign)
  numbers:
    seed, rounds, scale and prompt_scale (of the last round), steps, guidance, width, height,
    size (of the file, in bytes)
  dates:
    time (when the file was changed: 2025-01-31 or 2025-01-31T18:00)

The operator ~ means that a text contains another, as in --where prompt~lighthouse. A field that a file does not record
is equal to no number and to the empty text only.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    parser.add_argument("files", nargs="+", metavar="FILE", help="a picture or a folder; - is standard input")
    parser.add_argument("-r", "--recursive", action="store_true", help="read subfolders too")
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--json", action="store_true", help="print one JSON object for each file, with the key `file` for many files"
    )
    form.add_argument("-s", "--short", action="store_true", help="print one line for each file")
    form.add_argument(
        "--raw", action="store_true", help="print the texts of other tools as they stand, each under its keyword"
    )
    form.add_argument(
        "--workflow",
        metavar="OUT.json",
        help="save the graph of ComfyUI: that of its editor if the file has one, else that of its API; - is standard "
        "output",
    )
    parser.add_argument(
        "-f", "--force", action="store_true", help="let --workflow replace a file that exists (also: --overwrite)"
    )
    parser.add_argument("--overwrite", dest="force", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="CONDITION",
        help="show only files that satisfy a condition: a field, one of = != < <= > >= ~, and a value, as in "
        "'rounds>=3'; if repeated, all conditions must hold",
    )
    parser.add_argument(
        "--sort", default="", metavar="FIELD", help="sort the files by this field; -FIELD sorts in descending order"
    )


def run(given: argparse.Namespace) -> ExitCode:
    """Show each file."""
    if given.workflow is not None or given.raw:
        from latentpng.commands import raw

        return raw.run(given)
    from latentpng.reports.look import look

    try:
        conditions, field = _chosen(given)
    except InvalidValueError as error:
        say(str(error))
        return error.exit_code
    form = _form(given)
    unsorted: list[tuple[Value, str]] = []

    def show_file(file: str) -> ExitCode:
        info = look(file)
        if not conditions or _satisfies(conditions, info):
            if field:
                unsorted.append((_value(field, info), form(info)))
            else:
                show(form(info))
        front = info.front
        if front is not None and front.newer:
            say(f"{file}: a newer version of latentpng is needed: {front.newer}")
        return ExitCode.OK if front is None or front.metadata else ExitCode.NEWER_VERSION

    tally = visit(given.files, show_file, recursive=given.recursive, suffixes=PICTURES, empty=_EMPTY)
    _show_sorted(unsorted, descending=given.sort.startswith("-"))
    return tally.worst


def _chosen(given: argparse.Namespace) -> tuple[list[Condition], str]:
    """Return the conditions and the field to sort by; raise InvalidValueError for a field that does not exist."""
    if not given.where and not given.sort:
        return [], ""
    from latentpng.reports.conditions import check_field, condition

    field: str = given.sort.removeprefix("-")
    if field:
        check_field("--sort", field)
    return [condition(f"--where {expression}", expression) for expression in given.where], field


def _satisfies(conditions: list[Condition], info: PictureInfo) -> bool:
    return all(condition.holds(_value(condition.field, info)) for condition in conditions)


def _value(field: str, info: PictureInfo) -> Value:
    from latentpng.reports.fields import value_of

    return value_of(field, info)


def _show_sorted(unsorted: list[tuple[Value, str]], *, descending: bool) -> None:
    if unsorted:
        from latentpng.reports.conditions import ordered

        for _, text in ordered(unsorted, lambda item: item[0], descending=descending):
            show(text)


def _form(given: argparse.Namespace) -> Callable[[PictureInfo], str]:
    """Return the function that turns the information on a file into text."""
    from latentpng.reports.show import info_json, info_lines, short_line

    if given.short:
        return short_line
    many = len(given.files) > 1 or is_folder(given.files[0])
    if given.json:
        return lambda info: info_json(info, named=many)
    return lambda info: "\n".join([*([f"======== {plain(info.file)}"] if many else []), *info_lines(info)])
