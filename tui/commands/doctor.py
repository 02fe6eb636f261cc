"""`warmer doctor`: what warmer finds on this machine, one line each, to be pasted into a bug report."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

from engine.errors import EngineError
from engine.options import Options
from engine.rendering.renderer import Renderer
from engine.target import target_for_prompt
from latentpng.errors import ExitCode
from tui.arguments import OutputArguments, add_model_options
from tui.commands.examine import Finding, examined
from tui.commands.output import Output
from tui.commands.repeat import repeated
from tui.exit_codes import exit_code_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Arguments(OutputArguments):
    """What only `warmer doctor` is asked for.

    Attributes:
        quick: Render nothing.
    """

    quick: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command line of `warmer doctor`."""
    parser.add_argument(
        "--quick", action="store_true", help="render nothing and do not import torch: takes about a second"
    )
    add_model_options(parser)


def run(options: Options, arguments: Arguments, renderer: Renderer) -> int:
    """Print each finding as soon as it is made, and return the exit code of the first problem."""
    output, code = Output(json_lines=arguments.json), int(ExitCode.OK)
    for finding in _findings(options, arguments, renderer):
        output.entries(finding.to_json()) if arguments.json else output.line(finding.line)
        code = code or finding.code
    return code


def _findings(options: Options, arguments: Arguments, renderer: Renderer) -> Iterator[Finding]:
    yield from examined(options)
    if arguments.quick:
        yield Finding(name="rendering", note=True, found="skipped because of --quick")
        return
    try:
        yield from repeated(target_for_prompt(options, "a red sun over a lake"), renderer, quiet=arguments.quiet)
    except EngineError as error:
        yield Finding(name="rendering", found=str(error), code=exit_code_of(error))
    except OSError as error:
        yield Finding(name="rendering", found=str(error), code=ExitCode.NO_MODEL)
