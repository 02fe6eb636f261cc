"""`latentpng inspect`: show what files say, all of them or chosen ones, in any order."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from latentpng.commands.inputs import PICTURES, is_folder, visit
from latentpng.commands.output import say, show
from latentpng.errors import ExitCode, InvalidValueError
from latentpng.text import plain

if TYPE_CHECKING:
    from latentpng.reports.fields import Condition, Value
    from latentpng.reports.look import Seen

_EMPTY = "no picture in this folder carries a latent, or a text of another tool"
_EPILOG = """\
A picture without a latent is shown too when it has the text of a tool that is known (A1111, ComfyUI, InvokeAI and
others); JPEG and WebP are read for it.

fields of --where and --sort:
  name, model, scheduler, prompt, negative, tool (latentpng, a1111, comfyui, ...), root (seed or tensor),
  node, dims (such as 4x64x64), carrier (chunk, twin, parameters or foreign):
  texts, whatever their case
  time (of the file: 2025-01-31, or 2025-01-31T18:00), size (bytes of the file),
  seed, rounds, scale and prompt_scale (of the last round), steps, guidance, width, height: numbers

A text holds another with ~, as in --where prompt~lighthouse.  What a file does not say is equal to nothing.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("-r", "--recursive", action="store_true", help="look into the folders of a folder too")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object a line, with `file` for many files")
    form.add_argument("-s", "--short", action="store_true", help="one line a file")
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="CONDITION",
        help="only files that pass: FIELD, one of = != < <= > >= ~, and a value, as in 'rounds>=3'; may be repeated",
    )
    parser.add_argument(
        "--sort", default="", metavar="FIELD", help="by this field instead of as they come; -FIELD is backwards"
    )


def run(given: argparse.Namespace) -> ExitCode:
    """Show each file."""
    from latentpng.reports.look import look

    try:
        conditions, field = _chosen(given)
    except InvalidValueError as error:
        say(str(error))
        return error.exit_code
    form = _form(given)
    waiting: list[tuple[Value, str]] = []

    def show_file(file: str) -> ExitCode:
        seen = look(file)
        if not conditions or _passes(conditions, seen):
            if field:
                waiting.append((_value(field, seen), form(seen)))
            else:
                show(form(seen))
        front = seen.front
        if front is not None and front.newer:
            say(f"{file}: a newer version is needed: {front.newer}")
        return ExitCode.OK if front is None or front.metadata else ExitCode.NEWER_VERSION

    tally = visit(given.files, show_file, recursive=given.recursive, suffixes=PICTURES, empty=_EMPTY)
    _show_sorted(waiting, backwards=given.sort.startswith("-"))
    return tally.worst


def _chosen(given: argparse.Namespace) -> tuple[list[Condition], str]:
    """The conditions, and the field to sort by.  InvalidValueError."""
    if not given.where and not given.sort:
        return [], ""
    from latentpng.reports.fields import check_field, condition

    field: str = given.sort.removeprefix("-")
    if field:
        check_field("--sort", field)
    return [condition(f"--where {expression}", expression) for expression in given.where], field


def _passes(conditions: list[Condition], seen: Seen) -> bool:
    return all(condition.holds(_value(condition.field, seen)) for condition in conditions)


def _value(field: str, seen: Seen) -> Value:
    from latentpng.reports.fields import value_of

    return value_of(field, seen)


def _show_sorted(waiting: list[tuple[Value, str]], *, backwards: bool) -> None:
    if waiting:
        from latentpng.reports.fields import ordered

        for _, text in ordered(waiting, lambda item: item[0], backwards=backwards):
            show(text)


def _form(given: argparse.Namespace) -> Callable[[Seen], str]:
    """How a file is shown."""
    from latentpng.reports.show import seen_json, seen_lines, short_line

    if given.short:
        return short_line
    many = len(given.files) > 1 or is_folder(given.files[0])
    if given.json:
        return lambda seen: seen_json(seen, named=many)
    return lambda seen: "\n".join([*([f"======== {plain(seen.file)}"] if many else []), *seen_lines(seen)])
