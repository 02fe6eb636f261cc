"""The `latentpng` command: which commands there are, and what is the same for all of them.

Only the module of the command that was asked for is imported: `--help` and `inspect` start without NumPy, zstandard
and Pillow.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from latentpng import __version__
from latentpng.commands import output
from latentpng.commands.exit_codes import exit_codes_help
from latentpng.errors import ExitCode

_BROKEN_PIPE = 141  # what a shell reports for a program that SIGPIPE ended
_INTERRUPTED = 130

# a module of latentpng.commands each, and the line that --help has for it
_COMMANDS = {
    "inspect": "show what a file says; decodes neither tensor nor pixels",
    "extract": "write the initial noise to a file of its own",
    "verify": "check chunk, noise, lineage and pixels: one line a file; --render draws it again",
    "copy": "carry the latent of one picture over to an edited, resized or re-encoded copy of it",
    "embed": "give a PNG that exists its initial noise, and its settings",
    "import": "give another tool's picture the noise that it started from, rebuilt from its metadata",
    "tree": "draw the family of all pictures in folders, from their lineages alone",
    "diff": "compare two pictures: ancestor, settings, noise and pixels",
    "strip": "remove noise, lineage and settings, in place; pixels stay as they are",
}
_MODULES = {"import": "import_"}  # where the command's name cannot be a module's

_FILES_HELP = """\
A FILE is a PNG, or "-" for standard input. inspect, verify and tree also take a folder: they read
the pictures in it, and with -r those in its subfolders as well."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; SystemExit on --help, --version and wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    words = sys.argv[1:] if argv is None else argv
    arguments = _parser(words).parse_args(_joined(words))
    try:
        code: int = arguments.run(arguments)
        output.flush()
    except BrokenPipeError:
        _give_up_output()
        return _BROKEN_PIPE
    except OSError as error:
        output.say(f"standard output: it cannot be written ({error.strerror or error})")
        _give_up_output()
        return ExitCode.UNWRITABLE
    except KeyboardInterrupt:
        return _INTERRUPTED
    return code


def _joined(words: Sequence[str]) -> list[str]:
    """`--sort -time` as one word: argparse takes the second for an option of its own."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] == "--sort" and word.startswith("-"):
            joined[-1] = f"--sort={word}"
        else:
            joined.append(word)
    return joined


def _give_up_output() -> None:
    """Lead standard output nowhere, so that the interpreter's own flush at exit stays quiet."""
    if sys.stdout is not None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="latentpng",
        description="Read, check and remove the initial noise and lineage that a PNG carries.",
        epilog=f"{_FILES_HELP}\n\n{exit_codes_help()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"latentpng {__version__}")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, summary in _COMMANDS.items():
        # without abbreviations, because --ou would be ambiguous, and a new option could break a script that uses one
        subparser = subparsers.add_parser(
            name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", allow_abbrev=False
        )
        if name in words:
            module = import_module(f"latentpng.commands.{_MODULES.get(name, name)}")
            module.configure(subparser)
            subparser.set_defaults(run=module.run)
    return parser
