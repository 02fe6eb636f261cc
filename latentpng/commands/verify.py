"""`latentpng verify`: check each file and print one line about it, and a summary of many."""

from __future__ import annotations

import argparse

from latentpng.commands.inputs import visit
from latentpng.commands.output import replay_progress, say, show
from latentpng.errors import ExitCode, NoLatent
from latentpng.tally import RESULTS


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("-r", "--recursive", action="store_true", help="look into the folders of a folder too")
    parser.add_argument(
        "--json",
        action="store_true",
        help="one JSON object a line: file, exit_code, result, the checks that passed, the problem",
    )


def run(given: argparse.Namespace) -> ExitCode:
    """Check each file."""
    from latentpng.jsontext import json_text
    from latentpng.verifying import verify_file

    def check(file: str) -> ExitCode:
        report = verify_file(file, replay_progress(file))
        if report.exit_code == ExitCode.NO_LATENT:
            raise NoLatent(report.problem)
        if given.json:
            entries = {
                "exit_code": report.exit_code,
                "file": report.file.encode("utf-8", "replace").decode(),
                "passed": report.passed,
                "problem": report.problem,
                "result": RESULTS[report.exit_code],
            }
            show(json_text(entries))
        else:
            show(report.line)
        return report.exit_code

    tally = visit(given.files, check, recursive=given.recursive)
    if tally.total + tally.passed_over > 1:
        say(tally.summary)
    return tally.worst
