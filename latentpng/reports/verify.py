"""Is a picture what its file says?  Chunk, noise, lineage and pixels, each against its checksum or its recipe."""

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
from latentpng.png.pixels import decode_pixels, pixel_digest
from latentpng.record import LatentRecord


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What was found in one file.

    passed: the checks that held, in words, in order.
    problem: one sentence on the first that did not, "" when the file is good; it names the file.
    """

    file: str
    passed: tuple[str, ...] = ()
    problem: str = ""
    exit_code: ExitCode = ExitCode.OK

    @property
    def line(self) -> str:
        """The report as one line."""
        return self.problem or f"{self.file}: good ({', '.join(self.passed)})"


def verify_file(path: str | os.PathLike[str], tell: replay.Tell | None = None) -> Report:
    """Check everything that can be checked; raises nothing on bad files.  tell: hears how far the replay is."""
    passed: list[str] = []
    name = os.fspath(path)
    try:
        with open_picture(path) as (stream, size, name):
            record = read_record_from(stream, size, name, tell)
            rebuilt = ", rebuilt from the text" if find(stream, size, name, whole=True).is_twin else ""
            passed.append(f"noise of {' x '.join(map(str, record.tensor.shape))}{rebuilt}")
            _check_lineage(record, name, tell)
            rounds = len(record.lineage.rounds)
            passed.append(f"lineage of {rounds} {'round' if rounds == 1 else 'rounds'}")
            _, _, rgb = decode_pixels(stream, size, name)
            passed.append(_check_pixels(record, rgb, name))
    except LatentPngError as error:
        return Report(file=name, passed=tuple(passed), problem=str(error), exit_code=error.exit_code)
    return Report(file=name, passed=tuple(passed))


def _check_lineage(record: LatentRecord, name: str, tell: replay.Tell | None) -> None:
    try:
        state = replay.replay(record.lineage, record.tensor.shape, record.axes, record.tensor, tell)
    except InvalidValueError as error:
        raise DamagedLatentError(f"{name}: {error}") from error
    found = replay.digest(state)
    if found != record.node:
        raise ReplayDiffersError(f"{name}: its lineage leads to noise with SHA-256 {record.node}, found {found}")


def _check_pixels(record: LatentRecord, rgb: bytes, name: str) -> str:
    if not record.pixels:
        return "pixels readable, not recorded"
    found = pixel_digest(rgb)
    if found != record.pixels:
        raise PixelsDifferError(f"{name}: pixels with SHA-256 {record.pixels} were rendered, found {found}")
    return "pixels"
