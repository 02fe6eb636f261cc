"""`warmer ray`: a Ray cluster of this machine alone, and what a cluster consists of."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from engine.cluster.address import AUTO, cluster_of
from engine.cluster.client import check_installed
from engine.cluster.local_head import running_head, start_head, stop_head
from engine.cluster.status import ClusterStatus, status_of
from engine.errors import InvalidRequestError
from engine.options import Options
from engine.rendering.renderer import Renderer
from latentpng.errors import ExitCode
from latentpng.text import plain
from tui.arguments import OutputArguments
from tui.commands.columns import Column, lines_of
from tui.commands.output import Output, say, teller

_NODES = (
    Column(title="node", least=8),
    Column(title="address", least=10),
    Column(title="gpus", least=4, is_number=True),
    Column(title="cpus", least=4, is_number=True),
    Column(title="worker", least=8),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Arguments(OutputArguments):
    """What only `warmer ray` is asked for.

    Attributes:
        action: "up", "status" or "down".
        address: The cluster whose status is shown.
    """

    action: str = "status"
    address: str = AUTO


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command line of `warmer ray`."""
    parser.add_argument(
        "action",
        choices=("up", "status", "down"),
        help="start a cluster that only this machine can reach, with a token of its own; show the nodes and workers of "
        "a cluster; stop the cluster that up started",
    )
    parser.add_argument(
        "address", nargs="?", metavar="HOST:PORT", help="the cluster to show (default: that of this machine)"
    )


def run(options: Options, arguments: Arguments, renderer: Renderer) -> int:
    """Do what is asked for, and return the exit code.

    Raises:
        InvalidRequestError: Ray is not installed, or an address is given where only this machine can be meant.
        EngineError: The cluster cannot be started, reached or stopped.
    """
    del options, renderer
    if arguments.action != "status" and arguments.address != AUTO:
        raise InvalidRequestError(
            f"`warmer ray {arguments.action}` is for the cluster of this machine alone, found the address "
            f"{arguments.address!r}: leave it out, or look at that cluster with `warmer ray status`"
        )
    check_installed()
    output = Output(json_lines=arguments.json)
    match arguments.action:
        case "up":
            _up(output, quiet=arguments.quiet)
        case "down":
            _down()
        case _:
            _show(output, status_of(cluster_of(arguments.address)))
    return ExitCode.OK


def _up(output: Output, *, quiet: bool) -> None:
    head = running_head()
    if head is None:
        teller(quiet)("starting Ray on this machine, which takes some seconds")
        head = start_head()
        say("the Ray cluster of this machine is ready: use it by --ray auto, stop it by warmer ray down")
    else:
        say("the Ray cluster of this machine runs already")
    output.entries({"address": head.address}) if output.json_lines else output.line(head.address)


def _down() -> None:
    head = running_head()
    if head is None:
        say("no Ray cluster runs that warmer ray up has started")
        return
    stop_head(head)
    say("the Ray cluster of this machine is stopped")


def _show(output: Output, status: ClusterStatus) -> None:
    if output.json_lines:
        output.entries({**asdict(status), "tokens": True})
        return
    for line in _lines(status):
        output.line(line)


def _lines(status: ClusterStatus) -> Iterator[str]:
    yield f"{status.address}, which asks for a token"
    yield ""
    rows = [
        [plain(text) for text in (node.name, node.address, str(node.gpus), str(node.cpus), _workers(status, node.name))]
        for node in status.nodes
    ]
    yield from (line.rstrip() for line in lines_of(_NODES, rows, 0))


def _workers(status: ClusterStatus, node: str) -> str:
    """The workers on a node in a few words, each with its model and its GPU."""
    found = (worker for worker in status.workers if worker.node == node)
    texts = (f"{worker.model or 'no model'}{f' on GPU {worker.devices}' if worker.devices else ''}" for worker in found)
    return ", ".join(texts) or "none"
