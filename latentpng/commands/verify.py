"""`latentpng verify`: check each file and print one line about it, and a summary of many."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from latentpng.commands import progress, rendering
from latentpng.commands.inputs import visit
from latentpng.commands.output import flush, replay_progress, say, show
from latentpng.errors import ExitCode, InvalidValueError, NoLatentError
from latentpng.png.open import STANDARD_INPUT
from latentpng.reports.tally import RESULTS, Tally

if TYPE_CHECKING:
    from latentpng.record import Json
    from latentpng.reports.verify import Report

_RENDERING = """With --render every good file is rendered again by `warmer`, which has to be installed beside this \
command, and the pixels are compared: the same bits are promised on the same device and versions; elsewhere the line \
tells how far off they are and every recorded condition that differs.  `latentpng --help` lists the exit codes."""

_MOST_JOBS = 256


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.description = f"{parser.description}  {_RENDERING}"
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("-r", "--recursive", action="store_true", help="look into the folders of a folder too")
    parser.add_argument(
        "--render", action="store_true", help="render every good file again too, and compare the pixels (slow)"
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="one JSON object a line: file, exit_code, result, the checks that passed, the problem, the rendering",
    )
    parser.add_argument(
        "-j", "--jobs", type=_jobs, default=1, metavar="N", help="read N files at once, each in a process of its own"
    )


def run(given: argparse.Namespace) -> ExitCode:
    """Check each file."""
    if given.render and not rendering.is_installed():
        say("verify --render needs the package warmer, which is not installed: pip install warmer")
        return ExitCode.USAGE
    good: list[Report] = []

    def check(file: str) -> ExitCode:
        if given.render and file == STANDARD_INPUT:
            raise InvalidValueError("only a file can be rendered again, found standard input")
        report = reports.of(file)
        if report.exit_code == ExitCode.NO_LATENT:
            raise NoLatentError(report.problem)
        if given.render and report.exit_code == ExitCode.OK:
            good.append(report)
        else:
            _show(report, as_json=given.json)
        return report.exit_code

    with ExitStack() as helpers:
        reports = _Reports(given.jobs, helpers)
        tally = visit(given.files, check, recursive=given.recursive, expect=reports.expect)
    if good:
        _render(good, tally, as_json=given.json)
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
            from latentpng.reports.verify import verify_file

            self._ahead = self._helpers.enter_context(spread(verify_file, named, self._jobs))

    def of(self, file: str) -> Report:
        """The report on the next file."""
        from latentpng.reports.verify import verify_file

        report = None if file == STANDARD_INPUT else next(self._ahead, None)
        return report or verify_file(file, replay_progress(file))


def _render(good: list[Report], tally: Tally, *, as_json: bool) -> None:
    """The second half of --render: what was good is told now, with what rendering gave."""
    say(f"rendering {len(good):,} {'picture' if len(good) == 1 else 'pictures'} again")
    ticker = progress.Progress(len(good))
    reports = {report.file: report for report in good}
    for answer in rendering.render_again([report.file for report in good]):
        report = reports[answer.file]
        if answer.exit_code == ExitCode.OK:
            report = replace(report, passed=(*report.passed, answer.passed))
        else:
            report = replace(report, problem=answer.problem, exit_code=answer.exit_code)
        tally.codes[ExitCode.OK] -= 1
        tally.codes[answer.exit_code] += 1
        _show(report, as_json=as_json, more={"rendering": dict(answer.entries)})
        flush()
        ticker.step()
    progress.clear()


def _show(report: Report, *, as_json: bool, more: dict[str, Json] | None = None) -> None:
    from latentpng.chunk.strict_json import json_text

    if not as_json:
        show(report.line)
        return
    entries: dict[str, Json] = {
        "exit_code": report.exit_code,
        "file": report.file.encode("utf-8", "replace").decode(),
        "passed": report.passed,
        "problem": report.problem,
        "result": RESULTS[report.exit_code],
        **(more or {}),
    }
    show(json_text(entries))


def _jobs(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= _MOST_JOBS):
        raise argparse.ArgumentTypeError(f"1 to {_MOST_JOBS} are needed, found {text!r}")
    return int(text)
