"""A count of files per exit code, their summary in one line, and the exit code for all of them."""

from __future__ import annotations

from collections import Counter

from latentpng.errors import ExitCode

# Errors of the program and of its user come first.  Then files that are lost, files whose content contradicts itself,
# files that could not be checked, and files that need something else.
WORST_FIRST = (
    ExitCode.INTERNAL,
    ExitCode.USAGE,
    ExitCode.UNWRITABLE,
    ExitCode.UNREADABLE,
    ExitCode.DAMAGED,
    ExitCode.REPLAY_DIFFERS,
    ExitCode.PIXELS_DIFFER,
    ExitCode.NOT_RENDERED,
    ExitCode.NO_MODEL,
    ExitCode.NEWER_VERSION,
    ExitCode.NO_LATENT,
    ExitCode.OK,
)

# also the values of the key `result` in the output of verify --json: part of the interface
RESULTS = {
    ExitCode.OK: "good",
    ExitCode.INTERNAL: "not checked",
    ExitCode.USAGE: "not understood",
    ExitCode.UNREADABLE: "not readable",
    ExitCode.NO_LATENT: "without a latent",
    ExitCode.DAMAGED: "damaged",
    ExitCode.NEWER_VERSION: "of a newer version",
    ExitCode.REPLAY_DIFFERS: "with another lineage",
    ExitCode.PIXELS_DIFFER: "with other pixels",
    ExitCode.UNWRITABLE: "not written",
    ExitCode.NO_MODEL: "without their model here",
    ExitCode.NOT_RENDERED: "not rendered",
}


class Tally:
    """A count that grows while files are read.

    Attributes:
        codes: The number of files per exit code.
        passed_over: The number of files in folders that were skipped because they carry no latent; they have no code.
    """

    def __init__(self) -> None:
        self.codes: Counter[ExitCode] = Counter()
        self.passed_over = 0

    @property
    def total(self) -> int:
        """The number of files that have an exit code."""
        return sum(self.codes.values())

    @property
    def worst(self) -> ExitCode:
        """The exit code for all files together, OK when there are none."""
        return next((code for code in WORST_FIRST if self.codes[code]), ExitCode.OK)

    @property
    def summary(self) -> str:
        """One line, such as "12 files: 10 good, 1 damaged, 1 with other pixels"."""
        counts = [f"{self.codes[code]:,} {result}" for code, result in RESULTS.items() if self.codes[code]]
        line = f"{self.total:,} {'file' if self.total == 1 else 'files'}: {', '.join(counts) or 'none good'}"
        return line + (f"; {self.passed_over:,} without a latent skipped" if self.passed_over else "")
