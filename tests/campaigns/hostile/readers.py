"""What a hostile file is given to, and what may come of it: our own errors, in one sentence, and no contradictions."""

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
from latentpng.noise import perturbation, replay
from latentpng.noise.cache import ArrayCache
from latentpng.png.files import carries_another, embedded, read_picture, read_record, strip, stripped
from latentpng.record import LatentRecord, check_rounds
from latentpng.reports.show import inspect_file, json_line, lines
from latentpng.reports.verify import Report, verify_file
from latentpng.rules import work_of
from latentpng.shapes import check_shape
from tests.support.latentpng import plain_reader
from tests.support.latentpng.outcomes import plain_end, plain_front
from tests.support.latentpng.plain_reader import PlainFront

MAX_WORK = 2**18  # noise values over all rounds that a replay may take here: the format allows 2^31, a minute or two
MAX_PIXELS = 2**20  # that are decoded here: the format has no limit, pixels.py has 2^26

LEFT_OUT = "left out: it takes long by design"


class End(NamedTuple):
    """said: "good", or the rule that was broken.  milliseconds: of the processor."""

    said: str
    milliseconds: float


class ContradictionError(Exception):
    """Two readers disagree on one file."""


def examine(path: Path, record: LatentRecord) -> dict[str, End]:
    """Give a file to every reader; record: is embedded into it.  What each ended in, and how long it took.

    Anything that is not ours comes out as it is; ContradictionError when two readers disagree.
    """
    forget()
    expected = plain_reader.front_of(path.read_bytes())
    begin = time.process_time()
    front = _attempt(lambda: _inspected(path, expected), path)
    inspecting = time.process_time() - begin
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
    return {"inspect": End(_said(front, path), inspecting * 1e3)} | {
        name: _ended(action, path) for name, action in actions.items()
    }


def forget() -> None:
    """Empty the caches of noise: what one file costs is its own."""
    perturbation._DRAWS, replay._STATES = ArrayCache(32 * 2**20), ArrayCache(32 * 2**20)


def _attempt(action: Callable[[], object], path: Path) -> object:
    """The result, or the error when it is one that reading may end in."""
    try:
        return action()
    except FileError as error:
        text = str(error)
        if not text.startswith(f"{path}: ") or not text.isprintable():
            raise ContradictionError(f"no sentence about this file: {text!r}") from error
        return error


def _ended(action: Callable[[], object], path: Path) -> End:
    begin = time.process_time()
    result = _attempt(action, path)
    return End(_said(result, path), (time.process_time() - begin) * 1e3)


def _left_out() -> str:
    return LEFT_OUT


def _said(result: object, path: Path) -> str:
    """A result in few words: which rule it was, without what was found."""
    text = "good"
    if isinstance(result, Report | FileError):
        text = result.line if isinstance(result, Report) else str(result)
    elif result == LEFT_OUT:
        return LEFT_OUT
    rule = text.removeprefix(f"{path}: ").partition(" found ")[0]
    return re.sub(r"'.*'|\b[0-9a-f]{64}\b|\d+", "#", rule)


def _inspected(path: Path, expected: PlainFront | str) -> Front:
    """The front, shown both ways; expected: what the plain reader of the tests finds."""
    try:
        front = inspect_file(path)
    except FileError as error:
        if plain_end(error) != expected:
            raise ContradictionError(f"found: {error}, plain: {expected}") from error
        raise
    if plain_front(front) != expected:
        raise ContradictionError(f"found: {front}, plain: {expected}")
    shown = [*lines(front), json_line(front)]
    if not all(line.isprintable() for line in shown):
        raise ContradictionError(f"a line that may drive a terminal: {shown}")
    if not front.metadata.items() <= read_json(shown[-1].encode()).items():
        raise ContradictionError(f"the line of JSON says something else: {shown[-1]}")
    if front.is_known:
        known = metadata_from_json(front.metadata, len(front.dims))
        check_shape(front.dims, known.axes)
        check_rounds(known.lineage, front.dims, known.axes)
    return front


def _work(front: Front) -> int:
    """How many noise values a replay takes."""
    rounds = front.parsed.lineage.rounds if front.parsed else ()
    return math.prod(front.dims) * sum((work_of(round_.of) for round_ in rounds), work_of(1))


def _pixels(path: Path) -> int:
    """How many the header declares."""
    header = path.read_bytes()[16:24]
    return int.from_bytes(header[:4], "big") * int.from_bytes(header[4:], "big")


def _with_record(path: Path, record: LatentRecord) -> None:
    """What carries a record afterwards says what that record says."""
    data = embedded(path, record)
    copy = path.with_suffix(".copy")
    copy.write_bytes(data)
    if read_record(copy) != record:
        raise ContradictionError("an embedded record does not read back")


def _without_record(path: Path) -> None:
    """What was stripped has nothing left, and stripping in place writes the same bytes."""
    data, carried = stripped(path)
    copy = path.with_suffix(".copy")
    copy.write_bytes(path.read_bytes())
    if strip(copy) != carried or copy.read_bytes() != data or strip(copy):
        raise ContradictionError("a stripped file has something left")
