"""`warmer worker`: start, stop or look at the worker that keeps a model loaded between programs."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from engine.configuration.durations import duration_text
from engine.errors import InvalidRequestError, KeptWorkerError
from engine.kept.address import Address, address
from engine.kept.attached import AttachedRenderer
from engine.kept.connecting import ask_status, connect, stop
from engine.kept.greeting import FOREVER
from engine.kept.hello import Hello
from engine.kept.link import attached_link
from engine.options import Options
from engine.renderers import choice_of, needs_of, own_renderer
from engine.rendering.renderer import Renderer
from engine.target import target_for_prompt
from latentpng.errors import ExitCode
from latentpng.record import Json, JsonObject
from tui.arguments import OutputArguments, add_model_options
from tui.commands.output import Output
from tui.commands.rendering import Rendering
from tui.exit_codes import NO_WORKER

_NONE = "no worker stays on this machine"
_MIB = 2**20


@dataclass(frozen=True, kw_only=True, slots=True)
class Arguments(OutputArguments):
    """What only `warmer worker` is asked for.

    Attributes:
        action: "start", "stop" or "status".
    """

    action: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command line of `warmer worker`."""
    parser.add_argument(
        "action",
        choices=("start", "stop", "status"),
        help="start a worker that stays unless one is running, and load a model in it; stop it, whatever it is doing; "
        "or show how it is",
    )
    add_model_options(parser, keep_alive="until it is stopped")


def run(options: Options, arguments: Arguments, renderer: Renderer) -> int:
    """Do what is asked for, and return the exit code: `NO_WORKER` if there is none to stop or to show."""
    del renderer
    needs, place, output = needs_of(choice_of(options)), address(), Output(json_lines=arguments.json)
    match arguments.action:
        case "start":
            _start(options, arguments, place)
        case "stop":
            return _stop(place, needs, output)
    return _status(place, needs, output)


def _start(options: Options, arguments: Arguments, place: Address) -> None:
    """Start a worker unless one is running, and load the model in it.

    Raises:
        EngineError: The model cannot be used, or the worker cannot be started or does not fit.
    """
    asked = options.keep_alive if "keep_alive" in options.given else None
    if asked == 0:
        raise InvalidRequestError("--keep-alive 0 would end the worker at once: name a longer time, or leave it out")
    choice, target = choice_of(options), target_for_prompt(options, "")
    link = attached_link(place, needs_of(choice), FOREVER if asked is None else asked)
    renderer = AttachedRenderer(attach=lambda _: link, make_own=partial(own_renderer, choice))
    with Rendering(renderer, pictures=0, quiet=arguments.quiet) as rendering:
        rendering.load(target)


def _stop(place: Address, needs: Hello, output: Output) -> int:
    connection = connect(place)
    if connection is None:
        return _none(output)
    with connection:
        try:
            pid = stop(connection, needs)
        except ConnectionError:  # it was ending by itself
            return _none(output)
    if output.json_lines:
        output.entries({"stopped": True, "pid": pid})
    else:
        output.line(f"the worker that stayed, process {pid}, has ended")
    return ExitCode.OK


def _status(place: Address, needs: Hello, output: Output) -> int:
    connection = connect(place)
    if connection is None:
        return _none(output)
    with connection:
        try:
            status = ask_status(connection, needs)
        except ConnectionError:  # it was ending
            return _none(output)
    if output.json_lines:
        output.entries({"running": True, **status})
        return ExitCode.OK
    try:
        lines = list(_lines(status))
    except (KeyError, TypeError, ValueError) as error:
        raise KeptWorkerError("the worker that stays is of another version: `warmer worker stop` ends it") from error
    for line in lines:
        output.line(line)
    return ExitCode.OK


def _none(output: Output) -> int:
    if output.json_lines:
        output.entries({"running": False})
    else:
        output.line(_NONE)
    return NO_WORKER


def _lines(status: JsonObject) -> Iterator[str]:
    since = datetime.fromtimestamp(_number(status["since"]))
    model = f"{status['model']} on {status['device']}, {status['dtype']}" if status["model"] else "none yet"
    stays, left = status["keep_alive"], status["left"]
    yield f"process   {status['pid']}, warmer {status['version']}, since {since:%Y-%m-%d %H:%M:%S}"
    yield f"model     {model}"
    yield f"memory    {_number(status['memory']) / _MIB:,.0f} MiB"
    yield f"programs  {status['programs']}"
    yield f"requests  {status['requests']}"
    yield f"stays     {'until it is stopped' if stays is None else f'{duration_text(_number(stays))} after its use'}"
    if left is not None:
        yield f"ends in   {duration_text(_number(left))}"
    yield f"log       {status['log']}"


def _number(value: Json) -> float:
    if not isinstance(value, int | float):
        raise TypeError(f"a number needed, found {value!r}")
    return value
