"""`warmer models`: list the models, LoRA files, VAEs and embeddings that can be named, whatever is wrong with them."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn

from engine.configuration.read import configuration_path, read_configuration
from engine.models.fingerprints import compute_digests, known_digests
from engine.models.inventory import OTHER, USES, Item, inventory
from engine.models.library import shown
from engine.models.places.known import all_contents
from engine.models.places.place import Contents
from engine.options import Options
from engine.rendering.renderer import Renderer
from latentpng.errors import ExitCode
from latentpng.record import Json
from latentpng.text import plain
from tui.arguments import OutputArguments
from tui.commands.columns import Column, lines_of
from tui.commands.output import Output, say
from tui.exit_codes import INTERRUPTED

KINDS = (*USES.values(), OTHER)
_SHORT_DIGEST = 10
"""As many digits of a digest as A1111 shows."""
_COLUMNS = (
    Column(title="name", least=16),
    Column(title="kind", least=6),
    Column(title="family", least=6),
    Column(title="size", least=8, is_number=True),
    Column(title="sha256", least=_SHORT_DIGEST),
    Column(title="folder", least=10, keeps_end=True),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Arguments(OutputArguments):
    """What only `warmer models` is asked for.

    Attributes:
        words: What name, kind, family or folder have to contain, all of them.
        kind: One of `KINDS`; "" for all.
        hash: Compute the digests that are not known yet.
    """

    words: tuple[str, ...] = ()
    kind: str = ""
    hash: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command line of `warmer models`."""
    parser.add_argument("words", nargs="*", metavar="WORD", help="list only what contains all of these words")
    parser.add_argument("--kind", choices=KINDS, help="list only one kind")
    parser.add_argument(
        "--hash",
        action="store_true",
        help="compute the SHA-256 of every file listed; it is kept, and takes seconds for each GB the first time",
    )


def run(options: Options, arguments: Arguments, renderer: Renderer) -> int:
    """Print the list, and return the exit code: an empty list is no error."""
    del options, renderer
    contents = all_contents()
    items = sorted(_wanted(arguments, _looked_at(contents, arguments.quiet)), key=_order)
    digests = known_digests(item.entry.path for item in items if item.is_file)
    code = _hash(items, digests, arguments.quiet) if arguments.hash else int(ExitCode.OK)
    output = Output(json_lines=arguments.json)
    if arguments.json:
        for item in items:
            output.entries(_entries(item, digests))
    else:
        for line in _lines(items, digests):
            output.line(line)
    if not arguments.quiet:
        _say_what_is_missing(contents, items, arguments)
    return code


def _looked_at(contents: tuple[Contents, ...], quiet: bool) -> Iterable[Item]:
    """Look at each file; with thousands of them on a slow disk it takes a while, and says so."""
    with _progress(quiet, TextColumn("{task.completed:.0f}")) as progress:
        task = progress.add_task("looking at files", total=sum(len(one.entries) for one in contents))
        for item in inventory(contents):
            progress.advance(task)
            yield item


def _wanted(arguments: Arguments, items: Iterable[Item]) -> list[Item]:
    words = [word.casefold() for word in arguments.words]
    return [
        item
        for item in items
        if (not arguments.kind or item.use == arguments.kind) and all(word in _searched(item) for word in words)
    ]


def _searched(item: Item) -> str:
    parts = (item.entry.name, item.use, item.kind, item.family, shown(item.entry.path))
    return "\n".join(parts).casefold()


def _order(item: Item) -> tuple[int, str, str]:
    return KINDS.index(item.use), item.entry.name.casefold(), str(item.entry.path)


def _hash(items: list[Item], digests: dict[Path, str], quiet: bool) -> int:
    """Compute the digests that are missing, the small files first, and return the exit code."""
    missing = sorted((item for item in items if item.is_file and item.entry.path not in digests), key=_size)
    paths = [item.entry.path for item in missing]
    known = len(digests)
    try:
        with _progress(quiet, DownloadColumn(), TimeRemainingColumn()) as progress:
            task = progress.add_task(f"{len(missing)} files", total=sum(map(_size, missing)))
            with closing(compute_digests(paths, lambda size: progress.advance(task, size))) as computed:
                for path, digest in computed:
                    if digest:
                        digests[path] = digest
                    else:
                        say(f"{shown(path)} cannot be read, so that it has no digest")
    except KeyboardInterrupt:
        say(f"interrupted: the digests of {len(digests) - known} of {len(missing)} files were computed, and are kept")
        return INTERRUPTED
    return ExitCode.OK


def _size(item: Item) -> int:
    return item.size


def _lines(items: list[Item], digests: Mapping[Path, str]) -> Iterable[str]:
    """The table; what is wrong with an item stands below it."""
    if not items:
        return
    rows = [[plain(text) for text in _row(item, digests)] for item in items]
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    titles, *lines = lines_of(_COLUMNS, rows, width)
    yield titles.rstrip()
    for item, line in zip(items, lines, strict=True):
        yield line.rstrip()
        if item.problem:
            yield f"    {item.problem}"


def _row(item: Item, digests: Mapping[Path, str]) -> tuple[str, ...]:
    entry = item.entry
    return (
        entry.name,
        item.kind if item.use == OTHER else item.use,
        item.family,
        _words_of_size(item.size),
        digests.get(entry.path, "")[:_SHORT_DIGEST],
        shown(entry.path.parent),
    )


def _entries(item: Item, digests: Mapping[Path, str]) -> dict[str, Json]:
    entry = item.entry
    return {
        "name": entry.name,
        "use": item.use,
        "kind": item.kind,
        "family": item.family,
        "bytes": item.size,
        "sha256": digests.get(entry.path, ""),
        "path": str(entry.path),
        "from": entry.place.origin,
        "problem": item.problem,
    }


def _say_what_is_missing(contents: tuple[Contents, ...], items: list[Item], arguments: Arguments) -> None:
    for one in contents:
        if one.is_cut:
            say(f"{shown(one.place.path)} holds more than is looked at: name its sub-folders in the configuration file")
    for folder in read_configuration().missing_folders:
        say(f"{shown(folder)} is not a folder, although the configuration file names it")
    if items:
        return
    if any(one.entries for one in contents) and (arguments.words or arguments.kind):
        say("nothing that was found fits this; warmer models lists all")
    else:
        say(f"no models were found: name your folders in {shown(configuration_path())} (warmer config --edit makes it)")


def _words_of_size(size: int) -> str:
    if size >= 10**9:
        return f"{size / 10**9:.2f} GB"
    return f"{size / 10**6:.1f} MB" if size >= 10**5 else f"{size / 1000:.1f} kB" if size else ""


def _progress(quiet: bool, *columns: ProgressColumn) -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        *columns,
        console=console,
        transient=True,
        disable=quiet or not console.is_terminal,
    )
