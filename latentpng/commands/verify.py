"""`latentpng verify`: check each file and print one line about it, and a summary of many."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

from latentpng.commands.inputs import visit
from latentpng.commands.output import replay_progress, say, show
from latentpng.errors import ExitCode, NoLatent
from latentpng.opening import STANDARD_INPUT
from latentpng.tally import RESULTS

if TYPE_CHECKING:
    from latentpng.verifying import Report

_MOST_JOBS = 256


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("-r", "--recursive", action="store_true", help="look into the folders of a folder too")
    parser.add_argument(
        "--json",
        action="store_true",
        help="one JSON object a line: file, exit_code, result, the checks that passed, the problem",
    )
    parser.add_argument(
        "-j", "--jobs", type=_jobs, default=1, metavar="N", help="read N files at once, each in a process of its own"
    )


def run(given: argparse.Namespace) -> ExitCode:
    """Check each file."""
    from latentpng.jsontext import json_text

    def check(file: str) -> ExitCode:
        report = reports.of(file)
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

    with ExitStack() as helpers:
        reports = _Reports(given.jobs, helpers)
        tally = visit(given.files, check, recursive=given.recursive, expect=reports.expect)
    if tally.total + tally.passed_over > 1:
        say(tally.summary)
    return tally.worst


class _Reports:
    """What is found in each file: by several processes ahead, where there are several jobs, else when it is asked."""

    def __init__(self, jobs: int, helpers: ExitStack) -> None:
        self._jobs, self._helpers = jobs, helpers
        self._ahead: Iterator[Report] = iter(())

    def expect(self, files: list[str]) -> None:
        """All that will be asked for, in this order."""
        named = [file for file in files if file != STANDARD_INPUT]  # which only this process has
        if self._jobs > 1 and len(named) > 1:
            from latentpng.commands.parallel import spread
            from latentpng.verifying import verify_file

            self._ahead = self._helpers.enter_context(spread(verify_file, named, self._jobs))

    def of(self, file: str) -> Report:
        """The report on the next file."""
        from latentpng.verifying import verify_file

        report = None if file == STANDARD_INPUT else next(self._ahead, None)
        return report or verify_file(file, replay_progress(file))


def _jobs(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= _MOST_JOBS):
        raise argparse.ArgumentTypeError(f"1 to {_MOST_JOBS} are needed, found {text!r}")
    return int(text)
