"""Verification: compare the noise, lineage and pixels of a picture with what its file records."""

from __future__ import annotations

import os
from dataclasses import dataclass

from latentpng.errors import (
    DamagedLatentError,
    ExitCode,
    InvalidValueError,
    LatentPngError,
    PixelsDifferError,
    ReplayDiffersError,
)
from latentpng.noise import replay
from latentpng.png.carriers import find
from latentpng.png.files import read_record_from
from latentpng.png.open import open_picture
from latentpng.png.pixels import digest_of_pixels
from latentpng.record import LatentRecord


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """The result of verifying one file.

    Attributes:
        file: The name of the file, safe for a terminal.
        passed: The checks that passed, in words, in order.
        problem: One sentence, which names the file, on the first check that failed; "" for a good file.
        exit_code: The exit code of the first check that failed; OK for a good file.
    """

    file: str
    passed: tuple[str, ...] = ()
    problem: str = ""
    exit_code: ExitCode = ExitCode.OK

    @property
    def line(self) -> str:
        """The report as one line."""
        return self.problem or f"{self.file}: good ({', '.join(self.passed)})"


def verify_file(path: str | os.PathLike[str], on_progress: replay.OnProgress | None = None) -> Report:
    """Check the chunk, noise, lineage and pixels of a file, in this order, and stop at the first failure.

    Args:
        path: A PNG; "-" is standard input.
        on_progress: A callback that hears, after each replayed round, how many are done and how many there are.

    Returns:
        The report.  A bad file raises nothing: see `problem` and `exit_code`.
    """
    passed: list[str] = []
    name = os.fspath(path)
    try:
        with open_picture(path) as (stream, size, name):
            record = read_record_from(stream, size, name, on_progress)
            rebuilt = ", rebuilt from the text" if find(stream, size, name, whole=True).is_twin else ""
            passed.append(f"noise of {' x '.join(map(str, record.tensor.shape))}{rebuilt}")
            _check_lineage(record, name, on_progress)
            rounds = len(record.lineage.rounds)
            passed.append(f"lineage of {rounds} {'round' if rounds == 1 else 'rounds'}")
            passed.append(_check_pixels(record, digest_of_pixels(stream, size, name), name))
    except LatentPngError as error:
        return Report(file=name, passed=tuple(passed), problem=str(error), exit_code=error.exit_code)
    return Report(file=name, passed=tuple(passed))


def _check_lineage(record: LatentRecord, name: str, on_progress: replay.OnProgress | None) -> None:
    try:
        state = replay.replay(record.lineage, record.tensor.shape, record.axes, record.tensor, on_progress)
    except InvalidValueError as error:
        raise DamagedLatentError(f"{name}: {error}") from error
    found = replay.digest(state)
    if found != record.node:
        raise ReplayDiffersError(
            f"{name}: the file records noise with SHA-256 {record.node}, but replaying its lineage gives {found}"
        )


def _check_pixels(record: LatentRecord, found: str, name: str) -> str:
    """Return the check that passed, in words."""
    if not record.pixels:
        return "pixels readable, not recorded"
    if found != record.pixels:
        raise PixelsDifferError(
            f"{name}: the file records pixels with SHA-256 {record.pixels}, but its pixels have {found}"
        )
    return "pixels"
