"""All readers of `latentpng`, run on one file: only its own errors may come out, and no two readers may disagree."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from latentpng.chunk.header import Front
from latentpng.chunk.metadata import metadata_from_json
from latentpng.chunk.strict_json import read_json
from latentpng.errors import FileError
from latentpng.foreign.read import read_foreign
from latentpng.png.chunks import SIGNATURE
from latentpng.png.files import carries_another, embedded, read_picture, read_record, strip, stripped
from latentpng.record import LatentRecord, check_rounds
from latentpng.reports.show import inspect_file, json_line, lines
from latentpng.reports.verify import Report, verify_file
from latentpng.rules import work_of
from latentpng.shapes import check_shape
from tests.support.latentpng import plain_reader
from tests.support.latentpng.noise_caches import empty_noise_caches
from tests.support.latentpng.outcomes import plain_end, plain_front
from tests.support.latentpng.plain_reader import PlainFront

MAX_WORK = 2**18
"""The largest number of noise values that is replayed here.  The format allows 2^31, which takes a minute or two."""
MAX_PIXELS = 2**20
"""The largest number of pixels that is decoded here.  The format has no limit, pixels.py has 2^26."""
LEFT_OUT = "left out: it takes long by design"


class Outcome(NamedTuple):
    """What one reader made of a file.

    Attributes:
        rule: "good", LEFT_OUT, or the rule that the file breaks.
        milliseconds: CPU time of the reading.
    """

    rule: str
    milliseconds: float


class ContradictionError(Exception):
    """Two readers disagree about one file, or a reader breaks a promise."""


def examine(path: Path, record: LatentRecord) -> dict[str, Outcome]:
    """Give a file to every reader.

    Args:
        path: The file.
        record: A record to embed into it.

    Returns:
        Name of a reader -> its outcome.

    Raises:
        ContradictionError: Two readers disagree, or a message is not one printable sentence about the file.
        Exception: Any other error of a reader that is not a FileError.
    """
    empty_noise_caches()
    expected = plain_reader.front_of(path.read_bytes())
    begin = time.process_time()
    front = _attempt(lambda: _inspected(path, expected), path)
    inspect_seconds = time.process_time() - begin
    few_pixels = _pixels(path) <= MAX_PIXELS
    cheap = few_pixels and not (isinstance(front, Front) and _work(front) > MAX_WORK)
    actions: dict[str, Callable[[], object]] = {
        "read": (lambda: read_record(path)) if cheap else _left_out,
        "verify": (lambda: verify_file(path)) if cheap else _left_out,
        "picture": (lambda: read_picture(path)) if few_pixels else _left_out,
        "foreign": lambda: read_foreign(path),
        "compare": lambda: carries_another(path, record),
        "embed": lambda: _with_record(path, record),
        "strip": lambda: _without_record(path),
    }
    return {"inspect": Outcome(_rule(front, path), inspect_seconds * 1e3)} | {
        name: _outcome(action, path) for name, action in actions.items()
    }


def takes_long(path: Path) -> bool:
    """Return whether the replay of a file, or its pixels, may take long by design."""
    try:
        front = inspect_file(path)
    except FileError:
        return _pixels(path) > MAX_PIXELS and path.read_bytes().startswith(SIGNATURE)
    return _work(front) > MAX_WORK or _pixels(path) > MAX_PIXELS


def _attempt(action: Callable[[], object], path: Path) -> object:
    """Return the result of a reader, or its error if that is one that a file may cause."""
    try:
        return action()
    except FileError as error:
        text = str(error)
        if not text.startswith(f"{path}: ") or not text.isprintable():
            raise ContradictionError(f"the message is not one printable sentence about the file: {text!r}") from error
        return error


def _outcome(action: Callable[[], object], path: Path) -> Outcome:
    begin = time.process_time()
    result = _attempt(action, path)
    return Outcome(_rule(result, path), (time.process_time() - begin) * 1e3)


def _left_out() -> str:
    return LEFT_OUT


def _rule(result: object, path: Path) -> str:
    """Return the rule that decided a result, without the values that were found."""
    text = "good"
    if isinstance(result, Report | FileError):
        text = result.line if isinstance(result, Report) else str(result)
    elif result == LEFT_OUT:
        return LEFT_OUT
    rule = text.removeprefix(f"{path}: ").partition(" found ")[0]
    return re.sub(r"'.*'|\b[0-9a-f]{64}\b|\d+", "#", rule)


def _inspected(path: Path, expected: PlainFront | str) -> Front:
    """Return the front of a file after showing it in both forms; `expected` is what the tests' plain reader finds."""
    try:
        front = inspect_file(path)
    except FileError as error:
        if plain_end(error) != expected:
            raise ContradictionError(f"latentpng: {error}, plain reader: {expected}") from error
        raise
    if plain_front(front) != expected:
        raise ContradictionError(f"latentpng: {front}, plain reader: {expected}")
    shown = [*lines(front), json_line(front)]
    if not all(line.isprintable() for line in shown):
        raise ContradictionError(f"a line contains characters that may control a terminal: {shown}")
    if not front.metadata.items() <= read_json(shown[-1].encode()).items():
        raise ContradictionError(f"the line of JSON differs from the metadata: {shown[-1]}")
    if front.is_known:
        known = metadata_from_json(front.metadata, len(front.dims))
        check_shape(front.dims, known.axes)
        check_rounds(known.lineage, front.dims, known.axes)
    return front


def _work(front: Front) -> int:
    """Return the number of noise values that a replay takes."""
    rounds = front.parsed.lineage.rounds if front.parsed else ()
    return math.prod(front.dims) * sum((work_of(round_.of) for round_ in rounds), work_of(1))


def _pixels(path: Path) -> int:
    """Return the number of pixels that the PNG header declares."""
    header = path.read_bytes()[16:24]
    return int.from_bytes(header[:4], "big") * int.from_bytes(header[4:], "big")


def _with_record(path: Path, record: LatentRecord) -> None:
    """Embed a record into a file, and check that the same record is read back."""
    data = embedded(path, record)
    copy = path.with_suffix(".copy")
    copy.write_bytes(data)
    if read_record(copy) != record:
        raise ContradictionError("an embedded record is not read back as it was")


def _without_record(path: Path) -> None:
    """Strip a file, and check that nothing is left and that stripping in place writes the same bytes."""
    data, carried = stripped(path)
    copy = path.with_suffix(".copy")
    copy.write_bytes(path.read_bytes())
    if strip(copy) != carried or copy.read_bytes() != data or strip(copy):
        raise ContradictionError("something of a latent is left in a stripped file")
