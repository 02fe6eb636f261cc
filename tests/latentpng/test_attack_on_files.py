"""The attack on readers of strangers' files finds a planted fault of each class, and keeps the file that shows it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest

from latentpng.errors import LatentPngError
from latentpng.png.files import write_picture
from tests.campaigns.files import tools
from tests.campaigns.files.kills import Kills
from tests.campaigns.files.tools import give_to_commands
from tests.campaigns.files.trial import LIMIT_MS, Place, Trial, begun, settled
from tests.support.latentpng.files import png_of
from tests.support.latentpng.pictures import RGB, SIDE, seeded_record

Fault = Callable[[], object]


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    """A case that is about to be tried."""
    for name in ("folder", "kept"):
        (tmp_path / name).mkdir()
    return begun("kind", 7, settled(Place(folder=tmp_path / "folder", kept=tmp_path / "kept")))


def raises(error: Exception) -> Fault:
    def fail() -> None:
        raise error

    return fail


def takes_time() -> None:
    end = time.process_time() + 1.2 * LIMIT_MS / 1e3
    while time.process_time() < end:
        pass


def takes_memory() -> None:
    np.ones(2**24)  # 128 MiB


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (raises(KeyError("seed")), "case 7: a reader fails with KeyError('seed') (kind-7.bin)"),
        (raises(RecursionError()), "case 7: a reader fails with RecursionError() (kind-7.bin)"),
        (raises(LatentPngError("a\x1b[2J")), "case 7: a reader says 'a\\x1b[2J', which is not one printable sentence"),
        (takes_time, "case 7: a reader takes "),
        (takes_memory, "case 7: it takes 1"),
    ],
)
def test_a_fault_of_a_reader_is_found(trial: Trial, fault: Fault, sentence: str) -> None:
    path = trial.file(b"hostile")
    trial.reading("a reader", fault)
    (found,) = trial.outcome().faults
    assert found.startswith(sentence)
    assert (trial.place.kept / "kind-7.bin").read_bytes() == path.read_bytes() == b"hostile"


def test_a_good_reader_has_no_fault(trial: Trial) -> None:
    trial.file(png_of())
    assert trial.reading("a reader", lambda: 5) == 5
    trial.reading("a reader", raises(LatentPngError("a sentence")))
    trial.shown("a reader", "a line\nand one more")
    outcome = trial.outcome()
    assert outcome.faults == ()
    assert list(trial.place.kept.iterdir()) == []


def test_characters_that_control_a_terminal_are_found(trial: Trial) -> None:
    for text in ("\x1b[2J", "\u202e", "\x9b", "\u2028", "\ud800"):
        trial.shown("a command", text)
    assert len(trial.outcome().faults) == 5


class Command:
    """A command that does more than it should with the file that it is given."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.output, self.leaves = folder, b"", ""

    def __call__(self, words: list[str]) -> int:
        if self.leaves:
            (self.folder / self.leaves).write_bytes(b"")
        if self.output and "--json" in words:
            print(self.output.decode(), end="")  # noqa: T201 - what the command prints is looked at
        return 4


@pytest.mark.parametrize(
    ("output", "leaves", "words"),
    [
        (b'{"a": 1', "", "the output is no JSON: "),
        (b'{"a": "\\ud800"}', "", "the output is no JSON: "),
        (b'{"a": "\xc2\x9b"}', "", "inspect --json shows "),
        (b"", ".latentpng-0123456789abcdef.part", "leaves ['.latentpng-0123456789abcdef.part']"),
        (b"", "new.png", "leaves ['new.png']"),
    ],
)
def test_a_fault_of_a_command_is_found(
    trial: Trial, monkeypatch: pytest.MonkeyPatch, output: bytes, leaves: str, words: str
) -> None:
    command = Command(trial.place.folder)
    command.output, command.leaves = output, leaves
    monkeypatch.setattr(tools, "latentpng_main", command)
    for number in range(20):  # one in four is given to the commands that write
        give_to_commands(trial, png_of(), Random(number))
    assert any(words in fault for fault in trial.outcome().faults)


def test_a_picture_that_is_lost_by_a_kill_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trial: Trial
) -> None:
    kills = Kills(tmp_path / "pictures", 32)

    def cut(*_: object) -> None:
        write_picture(tmp_path / "pictures" / "a.png", SIDE, SIDE, RGB, seeded_record())

    monkeypatch.setattr("tests.campaigns.files.kills.ended", cut)
    kills(trial, Random(1))
    assert "neither the old nor the new files are left" in trial.outcome().faults[0]
