"""The `warmer` command: reads arguments, hands over to a command or to the app, turns errors into one sentence.

Textual, torch and the app are imported only once they are needed: `--help` answers at once.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NoReturn

from engine.errors import EngineError, InvalidRequestError
from latentpng.errors import ExitCode, LatentPngError
from latentpng.text import plain
from tui import __version__
from tui.arguments import AppArguments, add_axis_option, add_bands_option, add_render_options, fraction, parse
from tui.exit_codes import INTERRUPTED, exit_code_of, exit_codes_help

if TYPE_CHECKING:
    from engine.rendering.renderer import Renderer

COMMANDS = {
    "new": "fresh pictures from a prompt",
    "vary": "candidates of a picture, each with one round more in its lineage",
    "render": "a picture's own noise rendered again; --check proves that the pixels are the same",
    "doctor": "what is found here, a line a thing: versions, device, terminal, folders, and whether rendering repeats",
}


EPILOG = f"""\
commands:
  warmer new     fresh pictures from a prompt
  warmer vary    candidates of a picture, one round further
  warmer render  render a picture's noise again; --check proves the pixels
  warmer doctor  what is found here, and whether rendering repeats; for reports of faults
  (each has its own --help)

{exit_codes_help()}
"""


def main(argv: Sequence[str] | None = None) -> None:
    """Runs `warmer`; ends the process with an ExitCode."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        if arguments and arguments[0] in COMMANDS:
            code = run_command(arguments[0], arguments[1:], _worker)
        else:
            code = _run_app(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(ExitCode.OK)
    except KeyboardInterrupt:
        _fail("stopped; every picture that was done is saved", INTERRUPTED)
    except (EngineError, LatentPngError) as error:
        _fail(str(error), exit_code_of(error))
    except OSError as error:
        _fail(f"{error.filename or 'a file'}: {error.strerror or error}", ExitCode.INTERNAL)
    except Exception as error:
        if os.environ.get("WARMER_DEBUG"):
            raise
        words = f"{type(error).__name__}: {error}"
        _fail(f"a fault of the program, please report it ({words}); WARMER_DEBUG=1 shows where", ExitCode.INTERNAL)
    sys.exit(code)


def app_parser() -> argparse.ArgumentParser:
    """The command line of the app itself."""
    parser = argparse.ArgumentParser(
        prog="warmer",
        usage="warmer [FILE.png] [options]\n       warmer {new,vary,render,doctor} ...",
        description="Find the picture you have in mind by varying the one you have.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"warmer {__version__}")
    parser.add_argument("file", type=Path, nargs="?", metavar="FILE.png", help="go on from this picture")
    parser.add_argument("--prompt", metavar="P", help="begin with this prompt instead of the start screen")
    search = parser.add_argument_group("search")
    search.add_argument(
        "--scale",
        type=fraction,
        metavar="S",
        help="how far the first candidates are, 0 to 1 (default: the model's, or the picture's last)",
    )
    add_bands_option(search)
    add_axis_option(search)
    search.add_argument(
        "--mode", choices=("keep", "bisect"), default="keep", help="bisect halves the scale on every pick"
    )
    search.add_argument(
        "--grid", choices=("auto", "2", "3", "4"), default="auto", help="pictures a side (default: auto)"
    )
    screen = parser.add_argument_group("screen and files")
    screen.add_argument("--graphics", choices=("auto", "kitty", "sixel", "halfcell"), default="auto")
    screen.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="the session's folder (default: a new one under warmer among your pictures)",
    )
    screen.add_argument(
        "--keep", choices=("picked", "all"), default="picked", help="which pictures are saved (default: picked)"
    )
    add_render_options(parser)
    return parser


def command_parser(name: str) -> argparse.ArgumentParser:
    """Return the parser of one command."""
    parser = argparse.ArgumentParser(prog=f"warmer {name}", description=f"{COMMANDS[name]}.".capitalize())
    _command(name).add_arguments(parser)
    group = parser.add_argument_group("output")
    group.add_argument("--json", action="store_true", help="a JSON object on a line for each result")
    group.add_argument("--quiet", action="store_true", help="no progress on stderr")
    if name != "doctor":  # which writes none
        group.add_argument("--overwrite", action="store_true", help="replace files that exist")
    return parser


def run_command(name: str, words: Sequence[str], make_renderer: Callable[[], Renderer]) -> int:
    """Run one command, and return its exit code.

    Args:
        name: One of `COMMANDS`.
        words: The arguments after the name.
        make_renderer: Makes what renders; called once the arguments are found to be right.
    """
    command = _command(name)
    options, arguments = parse(command_parser(name), words, command.Arguments)
    return int(command.run(options, arguments, make_renderer()))


def _command(name: str) -> ModuleType:
    return importlib.import_module(f"tui.commands.{name}")


def _worker() -> Renderer:
    from engine.worker.client import WorkerRenderer

    return WorkerRenderer()


def _run_app(words: list[str]) -> int:
    options, arguments = parse(app_parser(), words, AppArguments)
    if arguments.file is not None and arguments.prompt is not None:
        raise InvalidRequestError("--prompt begins a new search, FILE.png goes on with one: give one of them")
    from tui.app.launch import run_app

    return run_app(options, arguments, changed=bool(words))


def _fail(sentence: str, code: int) -> NoReturn:
    print(f"warmer: {plain(sentence)}", file=sys.stderr)  # noqa: T201 (the one place where errors are shown)
    sys.exit(code)
