"""`latentpng tree`: draw the family tree of many pictures, from their lineages."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from latentpng.commands.inputs import visit
from latentpng.commands.output import say, show
from latentpng.errors import ExitCode

if TYPE_CHECKING:
    from latentpng.chunk.header import Front

_EPILOG = """\
Only lineages count: files may have been renamed or copied, and may come from several machines. Pictures with the same
noise and the same edits share one node. Below a root, a chain of ancestors whose pictures were not found is drawn as
one node, such as "· 3 rounds"; an edit is always drawn, such as "· edit: steps: 20 -> 30". A pick of different
candidates in different regions is one node.

--json prints one object per line, parents before their children:
  id      SHA-256 over root and rounds, the same in every folder
  parent  the id of its parent, "" for a root
  rounds  the number of rounds from its root
  step    the number of steps from its root; a pick by region has several rounds, and every other step one
  root    the root as the metadata has it (roots only)
  round   the round as the metadata has it (all other nodes)
  files   the pictures of this node, [] for an ancestor whose picture was not found
  dims    the shape of the noise
  axes    one letter for each dimension (roots only)
  noise   SHA-256 of the noise, "" where no file records it
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    parser.add_argument("files", nargs="+", metavar="FOLDER", help="a folder or a PNG; - is standard input")
    parser.add_argument("-r", "--recursive", action="store_true", help="read subfolders too")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON object for each node")
    form.add_argument(
        "--dot", action="store_true", help="print for Graphviz: latentpng tree --dot . | dot -Tsvg -o tree.svg"
    )


def run(given: argparse.Namespace) -> ExitCode:
    """Read the lineages of all files, then draw the tree."""
    from latentpng.reports import tree
    from latentpng.reports.family import family_of
    from latentpng.reports.show import inspect_file

    pictures: list[tuple[str, Front]] = []

    def collect(file: str) -> ExitCode:
        front = inspect_file(file)
        if not front.is_known:
            say(f"{file}: a newer version of latentpng is needed: {front.newer}")
            return ExitCode.NEWER_VERSION
        pictures.append((file, front))
        return ExitCode.OK

    tally = visit(given.files, collect, recursive=given.recursive)
    family, strokes = family_of(pictures), tree.strokes_for(sys.stdout.encoding)
    if given.json:
        lines = tree.json_lines(family)
    else:
        lines = tree.dot_lines(family, strokes) if given.dot else tree.tree_lines(family, strokes)
    for line in lines:
        show(line)
    return tally.worst
