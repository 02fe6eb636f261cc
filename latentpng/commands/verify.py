"""`latentpng verify`: check each file and print one line about it."""

from __future__ import annotations

import argparse

from latentpng.commands.inputs import each
from latentpng.commands.output import replay_progress, show
from latentpng.errors import ExitCode, NoLatent


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("files", nargs="+", metavar="FILE")


def run(given: argparse.Namespace) -> ExitCode:
    """Check each file."""
    from latentpng.verifying import verify_file

    def check(file: str) -> ExitCode:
        report = verify_file(file, replay_progress(file))
        if report.exit_code == ExitCode.NO_LATENT:
            raise NoLatent(report.problem)
        show(report.line)
        return report.exit_code

    return each(given.files, check)
