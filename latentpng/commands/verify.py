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

_RENDERING = """For --render, the program `warmer`, a package of its own, renders every good picture again and \
compares the pixels. The same device and the same versions must give the same pixels; otherwise the line says how far \
apart the pixels are, and which recorded conditions differ from this run. `latentpng --help` lists the exit codes."""

_MAX_JOBS = 256


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.description = f"{parser.description} {_RENDERING}"
    parser.add_argument("files", nargs="+", metavar="FILE", help="a PNG or a folder; - is standard input")
    parser.add_argument("-r", "--recursive", action="store_true", help="read subfolders too")
    parser.add_argument(
        "--render", action="store_true", help="render every good picture again and compare the pixels (slow)"
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print one JSON object for each file, with the keys file, exit_code, result, passed (the checks that "
        "passed), problem, and with --render also rendering",
    )
    parser.add_argument(
        "-j", "--jobs", type=_jobs, default=1, metavar="N", help="check N files at once, each in its own process"
    )


def run(given: argparse.Namespace) -> ExitCode:
    """Check each file."""
    if given.render and not rendering.is_installed():
        say("verify --render needs the package warmer, which is not installed: pip install warmer")
        return ExitCode.USAGE
    good: list[Report] = []

    def check(file: str) -> ExitCode:
        if given.render and file == STANDARD_INPUT:
            raise InvalidValueError("--render cannot read standard input; name a file")
        report = reports.report_on(file)
        if report.exit_code == ExitCode.NO_LATENT:
            raise NoLatentError(report.problem)
        if given.render and report.exit_code == ExitCode.OK:
            good.append(report)
        else:
            _show(report, as_json=given.json)
        return report.exit_code

    with ExitStack() as workers:
        reports = _Reports(given.jobs, workers)
        tally = visit(given.files, check, recursive=given.recursive, expect=reports.expect)
    if good:
        _render(good, tally, as_json=given.json)
    if tally.total + tally.passed_over > 1:
        say(tally.summary)
    return tally.worst


class _Reports:
    """The reports on all files: made ahead by worker processes if there are several jobs, else one by one."""

    def __init__(self, jobs: int, workers: ExitStack) -> None:
        self._jobs, self._workers = jobs, workers
        self._ahead: Iterator[Report] = iter(())

    def expect(self, files: list[str]) -> None:
        """Start the worker processes on all files that will be asked for, in this order."""
        named = [file for file in files if file != STANDARD_INPUT]  # only this process can read standard input
        if self._jobs > 1 and len(named) > 1:
            from latentpng.commands.parallel import spread
            from latentpng.reports.verify import verify_file

            self._ahead = self._workers.enter_context(spread(verify_file, named, self._jobs))

    def report_on(self, file: str) -> Report:
        """Return the report on the next file."""
        from latentpng.reports.verify import verify_file

        report = None if file == STANDARD_INPUT else next(self._ahead, None)
        return report or verify_file(file, replay_progress(file))


def _render(good: list[Report], tally: Tally, *, as_json: bool) -> None:
    """Render the good pictures again, show each with the result, and correct the tally."""
    say(f"rendering {len(good):,} {'picture' if len(good) == 1 else 'pictures'} again")
    bar = progress.Progress(len(good))
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
        bar.step()
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
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= _MAX_JOBS):
        raise argparse.ArgumentTypeError(f"a number from 1 to {_MAX_JOBS} is needed, found {text!r}")
    return int(text)
