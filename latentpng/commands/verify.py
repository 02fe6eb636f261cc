"""`latentpng verify`: check each file and print one line about it, and a summary of many."""

from __future__ import annotations

import argparse

from latentpng.commands.inputs import Tally, visit
from latentpng.commands.output import replay_progress, say, show
from latentpng.errors import ExitCode, NoLatent

_RESULTS = {
    ExitCode.OK: "good",
    ExitCode.UNREADABLE: "not readable",
    ExitCode.NO_LATENT: "without a latent",
    ExitCode.DAMAGED: "damaged",
    ExitCode.NEWER_VERSION: "of a newer version",
    ExitCode.REPLAY_DIFFERS: "with another lineage",
    ExitCode.PIXELS_DIFFER: "with other pixels",
}


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
                "result": _RESULTS[report.exit_code],
            }
            show(json_text(entries))
        else:
            show(report.line)
        return report.exit_code

    tally = visit(given.files, check, recursive=given.recursive)
    if sum(tally.codes.values()) + tally.passed_over > 1:
        say(summary(tally))
    return tally.worst


def summary(tally: Tally) -> str:
    """How many files ended how, in one line: "12 files: 10 good, 1 damaged, 1 with other pixels"."""
    total = sum(tally.codes.values())
    counts = [f"{tally.codes[code]:,} {result}" for code, result in _RESULTS.items() if tally.codes[code]]
    line = f"{total:,} {'file' if total == 1 else 'files'}: {', '.join(counts) or 'none good'}"
    return line + (f"; {tally.passed_over:,} without a latent passed over" if tally.passed_over else "")
