"""A target: a kind of input that a stranger makes, and the code of ours that opens it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random


def nothing(folder: Path) -> None:
    """Prepare nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What is attacked, and with what.

    Attributes:
        name: The row of the table.
        make: Writes a hostile input into an empty folder, from the prepared ones and by a random generator, and returns
            what is wrong with it in a few words.  It runs in the process of the case, before anything is measured.
        load: Opens the input in that folder as the program does.  It may raise `EngineError`, with one sentence for the
            user; any other exception is a fault.  It runs in a process of its own, which is watched and limited.
        prepare: Writes good inputs into an empty folder, once for the whole run; it may need torch.
        share: How many cases are tried in each turn over all targets.
        seconds: The most processor time that opening one input may take.
        mebibytes: The most memory that it may take, above what the libraries themselves take.
    """

    name: str
    make: Callable[[Path, Random, Path], str]
    load: Callable[[Path], None]
    prepare: Callable[[Path], None] = nothing
    share: int = 1
    seconds: float = 10.0
    mebibytes: float = 256.0
