"""What came of many files: how many ended how, in one line, and the exit code of all of them."""

from __future__ import annotations

from collections import Counter

from latentpng.errors import ExitCode

# after the fault of a program or a person: files that are lost, those that lie, those of which nothing was found out
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
    """Grows while files are read.

    codes: how many ended with each code.  passed_over: files of a folder that carry no latent; they have no code.
    """

    def __init__(self) -> None:
        self.codes: Counter[ExitCode] = Counter()
        self.passed_over = 0

    @property
    def total(self) -> int:
        """Files that have a code."""
        return sum(self.codes.values())

    @property
    def worst(self) -> ExitCode:
        """The exit code of all of them."""
        return next((code for code in WORST_FIRST if self.codes[code]), ExitCode.OK)

    @property
    def summary(self) -> str:
        """In one line: "12 files: 10 good, 1 damaged, 1 with other pixels"."""
        counts = [f"{self.codes[code]:,} {result}" for code, result in RESULTS.items() if self.codes[code]]
        line = f"{self.total:,} {'file' if self.total == 1 else 'files'}: {', '.join(counts) or 'none good'}"
        return line + (f"; {self.passed_over:,} without a latent passed over" if self.passed_over else "")
