"""`latentpng tree`: the family of many pictures, from their lineages."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from latentpng.commands.inputs import visit
from latentpng.commands.output import say, show, standard_output
from latentpng.errors import ExitCode

if TYPE_CHECKING:
    from latentpng.chunk.header import Front

_EPILOG = """\
Only lineages count: files may be renamed, copied, and come from several machines.  Pictures with the same noise are
one node.  An ancestor that is in no file is drawn as "· 3 rounds"; a `·` that has one child only is joined with it.

--json prints one object a line, parents before their children:
  id      SHA-256 over root and rounds, the same in every folder      parent  its parent's id, "" for a root
  rounds  how many lead here from its root                            root, or round: as the metadata has it
  files   the pictures with this noise, [] where there is none        dims, and axes of a root
  noise   SHA-256 of the noise, "" where no file tells it
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    parser.add_argument("files", nargs="+", metavar="FOLDER", help="folders, or files")
    parser.add_argument("-r", "--recursive", action="store_true", help="look into the folders of a folder too")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one node a line")
    form.add_argument("--dot", action="store_true", help="for Graphviz: latentpng tree --dot . | dot -Tsvg -o tree.svg")


def run(given: argparse.Namespace) -> ExitCode:
    """Read the fronts of all files, then draw."""
    from latentpng.reports import tree
    from latentpng.reports.family import family_of
    from latentpng.reports.show import inspect_file

    pictures: list[tuple[str, Front]] = []

    def collect(file: str) -> ExitCode:
        front = inspect_file(file)
        if not front.is_known:
            say(f"{file}: a newer version is needed: {front.newer}")
            return ExitCode.NEWER_VERSION
        pictures.append((file, front))
        return ExitCode.OK

    tally = visit(given.files, collect, recursive=given.recursive)
    family, strokes = family_of(pictures), tree.strokes_for(standard_output().encoding)
    if given.json:
        lines = tree.json_lines(family)
    else:
        lines = tree.dot_lines(family, strokes) if given.dot else tree.tree_lines(family, strokes)
    for line in lines:
        show(line)
    return tally.worst
