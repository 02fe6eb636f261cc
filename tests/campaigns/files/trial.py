"""One case of the campaign: the time of each reading, the memory of the case, and what is kept of a fault."""

from __future__ import annotations

import gc
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Protocol

from engine.errors import EngineError
from latentpng.errors import LatentPngError
from latentpng.foreign.containers.texts import read_texts
from tests.campaigns.attack.part import Outcome
from tests.campaigns.files.memory import peak_mib, reset_peak, resident_mib

LIMIT_MS, LIMIT_MIB = 50.0, 64.0
MS_PER_MEGAPIXEL = 200.0
"""Processor time on top of LIMIT_MS for each 2^20 pixels that are decoded."""
MS_PER_MEBIBYTE = 250.0
"""Likewise for each MiB of text that other tools wrote, once it is inflated."""
MS_OF_A_GRAPH = 250.0
"""Likewise for a graph of ComfyUI at its limit of 4,096 nodes, which a file of 30 KB can have."""
MIB_PER_MEGAPIXEL = 24.0
"""Memory on top of LIMIT_MIB for each 2^20 pixels, where Pillow decodes a whole picture."""
_TRIES = 3
"""A reading that takes too long is repeated, because other programs share the processor and its caches."""
_JOINERS = "\u200c\u200d"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where cases are tried.

    Attributes:
        folder: For the file under test and what commands write; empty between cases.
        kept: For files that show a fault.
        baseline: Resident MiB before the first case, when all imports and caches are there.
    """

    folder: Path
    kept: Path
    baseline: float = 0.0


class Case(Protocol):
    """Tries one case of one kind."""

    def __call__(self, trial: Trial, random: Random) -> None:
        """Try it.

        Args:
            trial: Takes the readings and the faults.
            random: Makes every choice.
        """


@dataclass(slots=True)
class Trial:
    """A case that is being tried.

    Attributes:
        kind: The row of the table.
        number: The number of the case.
        place: Where it is tried.
        megapixels: What the file may make a decoder produce, in 2^20 pixels.
        is_whole: Whether Pillow decodes it as a whole.
        mebibytes: How much text it has.
        has_graph: Whether it may hold a large graph.
        faults: A sentence for each broken promise.
        slowest: The most milliseconds of processor time that a reading took, less what its pixels may take.
        data: The file under test, to be kept if it shows a fault.
    """

    kind: str
    number: int
    place: Place
    megapixels: float = 0.0
    is_whole: bool = False
    mebibytes: float = 0.0
    has_graph: bool = False
    faults: list[str] = field(default_factory=list)
    slowest: float = 0.0
    data: bytes = b""

    @property
    def allowed_ms(self) -> float:
        """How long a reading may take for its pixels, texts and graph, on top of LIMIT_MS."""
        graph = MS_OF_A_GRAPH if self.has_graph else 0.0
        return MS_PER_MEGAPIXEL * self.megapixels + MS_PER_MEBIBYTE * self.mebibytes + graph

    def file(self, data: bytes, name: str = "hostile.png") -> Path:
        """Write the file under test, and return its path."""
        path = self.place.folder / name
        path.write_bytes(data)
        self.data, self.mebibytes = data, _text_mebibytes(path)
        return path

    def made(self) -> None:
        """Leave out of the measurement what it took to make the file."""
        self.place = settled(self.place)
        reset_peak()

    def reading(self, name: str, action: Callable[[], object]) -> object:
        """Run a reader, and return what it gives or the error of ours that it raises.

        Args:
            name: What a fault names.
            action: The reader; it may be run more than once.
        """
        allowed = self.allowed_ms
        for _ in range(_TRIES):
            begin = time.process_time()
            found = self._attempt(name, action)
            taken = (time.process_time() - begin) * 1e3 - allowed
            if taken <= LIMIT_MS:
                break
        self.took(name, taken)
        return found

    def took(self, name: str, milliseconds: float) -> None:
        """Count the time of a reading beyond that of its pixels and texts."""
        self.slowest = max(self.slowest, milliseconds)
        if milliseconds > LIMIT_MS:
            self.fault(f"{name} takes {milliseconds:.0f} ms of processor time")

    def shown(self, name: str, text: str) -> None:
        """Check a text that reaches a terminal, line breaks excepted."""
        if not is_safe(text.replace("\n", "")):
            self.fault(f"{name} shows {text[:200]!r}, which has characters that may control a terminal")

    def fault(self, sentence: str) -> None:
        """Record a broken promise."""
        self.faults.append(sentence)

    def outcome(self) -> Outcome:
        """Return what the case showed, and keep its file if it broke a promise."""
        peak = peak_mib() - self.place.baseline
        allowed = LIMIT_MIB + (MIB_PER_MEGAPIXEL * self.megapixels if self.is_whole else 0.0)
        if peak > allowed:
            self.fault(f"it takes {peak:.0f} MiB")
        if self.faults:
            kept = self.place.kept / f"{self.kind.replace(' ', '-')}-{self.number}.bin"
            kept.write_bytes(self.data)
            self.faults = [f"case {self.number}: {fault} ({kept.name})" for fault in self.faults]
        maxima = {"ms": max(0.0, self.slowest), "MiB": max(0.0, peak - allowed + LIMIT_MIB)}
        return Outcome(kind=self.kind, faults=tuple(self.faults), maxima=maxima)

    def _attempt(self, name: str, action: Callable[[], object]) -> object:
        try:
            return action()
        except (LatentPngError, EngineError) as error:
            if not str(error) or not is_safe(str(error)):
                self.fault(f"{name} says {str(error)!r}, which is not one printable sentence")
            return error
        except Exception as error:
            self.fault(f"{name} fails with {error!r:.300}")
            return error


def _text_mebibytes(path: Path) -> float:
    try:
        return sum(map(len, read_texts(path).texts.values())) / 2**20
    except LatentPngError:
        return 0.0


def begun(kind: str, number: int, place: Place) -> Trial:
    """Return a new trial, with the peak of memory starting from what is resident now."""
    reset_peak()
    return Trial(kind=kind, number=number, place=place)


def settled(place: Place) -> Place:
    """Return a place whose baseline is what is resident now."""
    gc.collect()
    return Place(folder=place.folder, kept=place.kept, baseline=max(place.baseline, resident_mib()))


def is_safe(line: str) -> bool:
    """Return whether a line has no characters that a terminal obeys; joiners of letters and emoji are none."""
    if line.isascii():
        return line.isprintable()
    return not any(
        unicodedata.category(sign)[0] == "C" or sign in "\u2028\u2029" for sign in line if sign not in _JOINERS
    )
