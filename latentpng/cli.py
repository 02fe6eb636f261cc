"""The `latentpng` command: inspect, extract, verify, strip.

Data goes to standard output, everything else to standard error.  Imports what a command needs only when it runs:
`--help` and `inspect` start without NumPy, zstandard and Pillow.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from latentpng import __version__, commands
from latentpng.errors import ExitCode

_BROKEN_PIPE = 141  # what a shell reports for a program that SIGPIPE ended
_INTERRUPTED = 130

_EPILOG = """\
A FILE may be a PNG, or "-" for standard input; inspect and verify also take a folder and read the PNGs in it.
After a bad file the next is read; the exit code is that of the first bad one.

exit codes:
  0  good
  1  a fault of this program
  2  wrong usage
  3  not a readable PNG: missing, cut, no permission
  4  a PNG without a latent (inside a folder such files are passed over)
  5  a damaged latent
  6  a latent that needs a newer version
  7  the lineage does not lead to the stored noise
  8  the pixels are not those that were rendered
  9  the output cannot be written, or exists already
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; SystemExit on --help, --version and wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    arguments = _parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
        commands.flush()
    except BrokenPipeError:
        _give_up_output()
        return _BROKEN_PIPE
    except OSError as error:
        commands.say(f"standard output: it cannot be written ({error.strerror or error})")
        _give_up_output()
        return ExitCode.UNWRITABLE
    except KeyboardInterrupt:
        return _INTERRUPTED
    return code


def _give_up_output() -> None:
    """Lead standard output nowhere, so that the interpreter's own flush at exit stays quiet."""
    if sys.stdout is not None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="latentpng",
        description="Read, check and remove the initial noise and lineage that a PNG carries.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"latentpng {__version__}")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")

    inspect = subparsers.add_parser("inspect", help="show what a file says; decodes neither tensor nor pixels")
    inspect.add_argument("files", nargs="+", metavar="FILE")
    inspect.add_argument("--json", action="store_true", help="one JSON object a line, with `file` for many files")
    inspect.set_defaults(run=lambda given: commands.inspect(given.files, as_json=given.json))

    extract = subparsers.add_parser("extract", help="write the initial noise to a file of its own")
    extract.add_argument("file", metavar="FILE")
    extract.add_argument("--round", type=_round_number, metavar="N", help="the noise after round N; 0 is the root")
    _add_output(extract, "X.npy|X.safetensors", "default: .npy beside FILE; - is standard output, as .npy")
    extract.set_defaults(run=lambda given: commands.extract(given.file, given.output, given.round, force=given.force))

    verify = subparsers.add_parser("verify", help="check chunk, noise, lineage and pixels: one line a file")
    verify.add_argument("files", nargs="+", metavar="FILE")
    verify.set_defaults(run=lambda given: commands.verify(given.files))

    strip = subparsers.add_parser("strip", help="remove noise, lineage and settings, in place; pixels stay as they are")
    strip.add_argument("file", metavar="FILE")
    _add_output(strip, "X.png", "write a copy instead; - is standard output")
    strip.set_defaults(run=lambda given: commands.strip(given.file, given.output, force=given.force))
    return parser


def _add_output(parser: argparse.ArgumentParser, metavar: str, text: str) -> None:
    parser.add_argument("-o", "--output", metavar=metavar, help=text)
    parser.add_argument("-f", "--force", action="store_true", help="replace an output that exists")


def _round_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise argparse.ArgumentTypeError(f"a round is a number from 0, found {text!r}")
    return int(text)
