"""`latentpng invert`: hand a photograph to `warmer invert`, which finds noise that repeats it.

It runs as a process of its own, because this package does not import torch.
"""

from __future__ import annotations

import argparse
import subprocess

from latentpng.commands import rendering
from latentpng.commands.output import say
from latentpng.errors import ExitCode
from latentpng.parent import Kind, Lifeline


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command: all that follow, as they are."""
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="...", help="the arguments of `warmer invert`")


def run(given: argparse.Namespace) -> int:
    """Run `warmer invert` with the same arguments and streams, and return its exit code."""
    if not rendering.is_installed():
        say("invert needs the package warmer, which is not installed: pip install warmer")
        return ExitCode.USAGE
    with Lifeline() as lifeline:
        command = [*lifeline.program(Kind.ALONE, rendering.PACKAGE), "invert", *given.words]
        environment = rendering.environment()
        return subprocess.run(command, env=environment, pass_fds=(lifeline.end,), check=False).returncode
