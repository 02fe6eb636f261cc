"""The `latentpng` command: its subcommands, and what all of them have in common.

Only the module of the chosen subcommand is imported, so that `--help` and `inspect` start without NumPy, zstandard
and Pillow.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from latentpng import __version__, streams
from latentpng.commands import output
from latentpng.commands.exit_codes import exit_codes_help
from latentpng.errors import ExitCode

_BROKEN_PIPE = 141  # what a shell reports for a program that SIGPIPE ended
_INTERRUPTED = 130  # the same for SIGINT

# the modules of latentpng.commands, and how --help describes them
_COMMANDS = {
    "inspect": "show what a file records, without decoding noise; print or save the texts of other tools",
    "extract": "write the initial noise of a picture to a file",
    "verify": "check the chunk, noise, lineage and pixels of each file, and with --render its rendering",
    "copy": "copy the latent of a picture into an edited, resized or re-encoded copy of it",
    "embed": "put initial noise and settings into an existing PNG",
    "import": "rebuild the initial noise of another tool's picture from its metadata, and save the picture with it",
    "invert": "find noise that repeats a photograph; needs warmer, which gets the same arguments",
    "tree": "draw the family tree of all pictures in folders, from their lineages alone",
    "diff": "compare two pictures: common ancestor, settings, noise and pixels",
    "strip": "remove noise, lineage and settings from a PNG in place, with --all the metadata of any tool, of JPEG and "
    "WebP too",
}
_MODULES = {"import": "import_"}  # for commands whose name is a keyword of Python
_PASSED_ON = frozenset({"invert"})  # commands whose arguments are those of another program

_FILES_HELP = """\
A FILE is a PNG, or "-" for standard input. inspect, verify and tree also take a folder: they read
the pictures in it, and with -r those in its subfolders as well."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: The words after the program's name; those of this process by default.

    Returns:
        The exit code: an `ExitCode`, 130 after an interrupt, or 141 when the reader of standard output went away.

    Raises:
        SystemExit: After --help and --version (0), and on wrong usage (2).
    """
    streams.prepare()
    words = sys.argv[1:] if argv is None else argv
    try:
        with streams.results():
            arguments = _parser(words).parse_args(_join_sort_field(words))
            code: int = arguments.run(arguments)
    except BrokenPipeError:
        streams.discard_output()
        return _BROKEN_PIPE
    except streams.OutputError as error:
        output.say(str(error))
        streams.discard_output()
        return ExitCode.UNWRITABLE
    except KeyboardInterrupt:
        return _INTERRUPTED
    return code


def _join_sort_field(words: Sequence[str]) -> list[str]:
    """Write `--sort -time` as one word, because argparse would read `-time` as an option."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] == "--sort" and word.startswith("-"):
            joined[-1] = f"--sort={word}"
        else:
            joined.append(word)
    return joined


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="latentpng",
        description="Read, check, add and remove the initial noise and lineage that a PNG carries.",
        epilog=f"{_FILES_HELP}\n\n{exit_codes_help()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"latentpng {__version__}")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, summary in _COMMANDS.items():
        # without abbreviations, because --ou would be ambiguous, and a new option could break a script that uses one
        subparser = subparsers.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            allow_abbrev=False,
            add_help=name not in _PASSED_ON,
            prefix_chars="\0" if name in _PASSED_ON else "-",  # no argument holds it, so none is an option
        )
        if name in words:
            module = import_module(f"latentpng.commands.{_MODULES.get(name, name)}")
            module.configure(subparser)
            subparser.set_defaults(run=module.run)
    return parser
