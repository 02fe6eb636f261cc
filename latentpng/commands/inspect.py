"""`latentpng inspect`: show what a file says."""

from __future__ import annotations

import argparse

from latentpng.commands.inputs import each, is_folder
from latentpng.commands.output import say, show
from latentpng.errors import ExitCode
from latentpng.text import plain


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, with `file` for many files")


def run(given: argparse.Namespace) -> ExitCode:
    """Show each file."""
    from latentpng.inspecting import inspect_file, json_line, lines

    many = len(given.files) > 1 or is_folder(given.files[0])

    def show_file(file: str) -> ExitCode:
        front = inspect_file(file)
        if given.json:
            show(json_line(front, file if many else ""))
        else:
            show("\n".join([*([f"======== {plain(file)}"] if many else []), *lines(front)]))
        if front.newer:
            say(f"{file}: a newer version is needed: {front.newer}")
        return ExitCode.OK if front.metadata else ExitCode.NEWER_VERSION

    return each(given.files, show_file)
