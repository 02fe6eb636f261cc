"""The `warmer` command: parses its command line, runs a command or the app, turns errors into one sentence.

Textual, torch and the app are imported only when they are needed: `--help` answers at once.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NoReturn

from engine.configuration.values import FIRST
from engine.errors import EngineError, InvalidRequestError
from engine.photos.kinds import NAMED
from latentpng import streams
from latentpng.errors import ExitCode, LatentPngError
from latentpng.text import plain
from tui import __version__
from tui.arguments import (
    AppArguments,
    add_axis_option,
    add_bands_option,
    add_force_option,
    add_out_option,
    add_region_option,
    add_render_options,
    parse,
)
from tui.exit_codes import INTERRUPTED, exit_code_of, exit_codes_help
from tui.option_values import ahead, fraction

if TYPE_CHECKING:
    from engine.options import Options
    from engine.rendering.renderer import Renderer

COMMANDS = {
    "new": "make new pictures from a prompt",
    "vary": "make candidates of a picture, each one round further",
    "render": "render a picture's own noise again, also with other words; --check compares the pixels",
    "invert": "find noise that repeats a photograph, and save it as a picture that can be varied",
    "film": "show the way to a picture: an animation through its ancestors, or a contact sheet of them",
    "models": "list the models, LoRA files, VAEs and embeddings that can be named",
    "worker": "start, stop or look at the worker that keeps a model loaded between programs",
    "config": "show the configuration file and what is in force, or edit it",
    "ray": "start, show and stop a Ray cluster of this machine, whose workers render for --ray",
    "doctor": "show versions, device, terminal and folders, and whether rendering repeats",
}
_WRITING = ("new", "vary", "render", "invert", "film")
"""The commands that write files: only for them there is --force."""
_AS_TYPED = ("models", "config", "ray")
"""The commands that report what the configuration file says, or change it: their options stay as they were typed."""
_COMMAND_LINES = "\n".join(f"  warmer {name:7} {text}" for name, text in COMMANDS.items())

EPILOG = f"""\
commands, each with its own --help:
{_COMMAND_LINES}

{exit_codes_help()}
"""


def main(argv: Sequence[str] | None = None) -> None:
    """Run `warmer`, and end the process with its exit code.

    Args:
        argv: The command line without the program's name; None for that of the process.

    Raises:
        SystemExit: Always; the code is one of `tui.exit_codes`.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    streams.prepare()
    try:
        with streams.results():
            _check_home()
            if arguments and arguments[0] in COMMANDS:
                code = run_command(arguments[0], arguments[1:])
            else:
                code = _run_app(arguments)
    except BrokenPipeError:
        streams.discard_output()
        sys.exit(ExitCode.OK)
    except KeyboardInterrupt:
        _fail("interrupted; pictures that were finished are saved", INTERRUPTED)
    except (EngineError, LatentPngError) as error:
        _fail(str(error), exit_code_of(error))
    except streams.OutputError as error:
        streams.discard_output()
        _fail(str(error), ExitCode.UNWRITABLE)
    except OSError as error:
        _fail(f"{error.filename or 'a file'}: {error.strerror or error}", ExitCode.INTERNAL)
    except Exception as error:
        if os.environ.get("WARMER_DEBUG"):
            raise
        fault = f"{type(error).__name__}: {error}"
        _fail(f"internal error, please report it: {fault} (WARMER_DEBUG=1 shows a traceback)", ExitCode.INTERNAL)
    sys.exit(code)


def _check_home() -> None:
    """Refuse to run where no folder of a person is known, in a container without HOME for example."""
    if not Path(os.path.expanduser("~")).is_absolute():  # noqa: PTH111 (Path's raises)
        raise InvalidRequestError("no home directory is known: set the environment variable HOME to a folder")


def app_parser() -> argparse.ArgumentParser:
    """Return the parser of the app itself."""
    parser = argparse.ArgumentParser(
        prog="warmer",
        usage=f"warmer [FILE] [options]\n       warmer {{{','.join(COMMANDS)}}} ...",
        description="Find the picture you have in mind by varying the one you have.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"warmer {__version__}")
    parser.add_argument(
        "file",
        type=Path,
        nargs="?",
        metavar="FILE",
        help="the picture to continue from, of any tool, or a photograph to start from: " + NAMED,
    )
    parser.add_argument(
        "--prompt",
        metavar="P",
        help="start with this prompt instead of the start screen; with a picture, what it is to show instead, from the "
        "same noise; with a photograph, what it shows",
    )
    search = parser.add_argument_group("search")
    search.add_argument(
        "--scale",
        type=fraction,
        metavar="S",
        help="how far the first candidates are from their parent, 0 to 1 "
        "(default: as in the picture's last round, else the model's)",
    )
    add_bands_option(search)
    add_region_option(search)
    add_axis_option(search)
    search.add_argument(
        "--mode",
        choices=("keep", "bisect"),
        help="what a pick does to the scale: keep it, or halve it (bisect) (default: keep)",
    )
    search.add_argument(
        "--grid",
        choices=("auto", "2", "3", "4"),
        help="pictures along each side of the grid (default: auto, which fits the window)",
    )
    search.add_argument(
        "--first",
        choices=FIRST,
        help="the first grid of a new prompt: the candidates that differ most, out of three times as many, which takes "
        "half as long again (varied), or the first that are drawn (plain) (default: varied)",
    )
    search.add_argument(
        "--ahead",
        type=ahead,
        metavar="N",
        help="grids that are rendered before you pick, while you look: off, auto, or how many (default: auto, which is "
        "off on battery and while other programs use the GPU)",
    )
    search.add_argument(
        "--draft",
        action="store_true",
        help="show candidates as drafts, with fewer steps; what you pick is finished in full (default: no)",
    )
    screen = parser.add_argument_group("screen and files")
    screen.add_argument(
        "--graphics",
        choices=("auto", "kitty", "sixel", "octant", "sextant", "quadrant", "halfcell"),
        help="how the terminal draws pictures: by a graphics protocol, or by characters, the finest of which few fonts "
        "have (default: auto, which asks the terminal)",
    )
    add_out_option(screen, "DIR", "the folder of the session (default: a new one in Pictures/warmer)")
    screen.add_argument("--keep", choices=("picked", "all"), help="which pictures are saved (default: picked)")
    add_render_options(parser, opens_picture=True)
    return parser


def command_parser(name: str) -> argparse.ArgumentParser:
    """Return the parser of one command."""
    parser = argparse.ArgumentParser(
        prog=f"warmer {name}", description=f"{COMMANDS[name][0].upper()}{COMMANDS[name][1:]}."
    )
    _command(name).add_arguments(parser)
    group = parser.add_argument_group("output")
    group.add_argument("--json", action="store_true", help="print a JSON object for each result, one per line")
    group.add_argument("--quiet", action="store_true", help="show no progress on stderr")
    if name in _WRITING:
        add_force_option(group)
    return parser


def run_command(name: str, words: Sequence[str], make_renderer: Callable[[], Renderer] | None = None) -> int:
    """Run one command, and return its exit code.

    Args:
        name: One of `COMMANDS`.
        words: The arguments after the name.
        make_renderer: Makes what renders; called once the arguments are found to be right.  None for what the options
            choose.
    """
    command = _command(name)
    options, arguments = parse(command_parser(name), words, command.Arguments)
    if name not in _AS_TYPED:
        from engine.configuration.read import read_configuration
        from engine.profiles import settled

        options = settled(options, read_configuration())
    return int(command.run(options, arguments, make_renderer() if make_renderer else _renderer(options)))


def _command(name: str) -> ModuleType:
    return importlib.import_module(f"tui.commands.{name}")


def _renderer(options: Options) -> Renderer:
    from engine.renderers import choice_of, renderer_for

    return renderer_for(choice_of(options))


def _run_app(words: list[str]) -> int:
    options, arguments = parse(app_parser(), words, AppArguments)
    from engine.configuration.read import read_configuration
    from engine.models.start_model import start_model
    from engine.profiles import settled

    configuration = read_configuration()
    options = settled(options, configuration, start_model=start_model())
    arguments = replace(
        arguments,
        graphics=arguments.graphics or configuration.graphics or "auto",
        theme=configuration.theme,
        first=arguments.first or configuration.first or "varied",
        ahead=arguments.ahead or configuration.ahead or "auto",
        draft=arguments.draft or bool(configuration.draft),
        picture_memory=configuration.picture_memory or 0,
    )
    from tui.app.launch import run_app

    return run_app(options, arguments, changed=bool(words))


def _fail(sentence: str, code: int) -> NoReturn:
    print(f"warmer: {plain(sentence)}", file=sys.stderr)  # noqa: T201 (the only place that shows errors)
    sys.exit(code)
