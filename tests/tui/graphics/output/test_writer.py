"""The buffer in front of the terminal, with a terminal that does or does not read."""

from __future__ import annotations

import os
import pty
import threading
import tty
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tui.graphics.output import writer as module
from tui.graphics.output.writer import BEHIND_BYTES, Writer

TIMEOUT_SECONDS = 20.0
MUCH = BEHIND_BYTES + 256 * 1024
"""More than the kernel keeps for a terminal that does not read."""


class Ends:
    """Both ends of a pseudo-terminal, and a writer on the one that programs have."""

    def __init__(self) -> None:
        self.screen, self.program = pty.openpty()
        tty.setraw(self.program)
        self.room, self.gone = threading.Event(), threading.Event()
        self.writer = Writer(self.program, on_room=self.room.set, on_gone=self.gone.set)

    def read(self, size: int) -> bytes:
        """Return so many bytes of what the screen gets."""
        read = b""
        while len(read) < size:
            read += os.read(self.screen, size - len(read))
        return read

    def read_to_end(self) -> bytes:
        """Return what the screen gets until the program has closed its end."""
        os.close(self.program)
        read = b""
        with suppress(OSError):
            while data := os.read(self.screen, 65536):
                read += data
        return read


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ends]:
    monkeypatch.setattr(module, "SILENT_SECONDS", TIMEOUT_SECONDS)  # on a loaded machine the thread has its turn late
    made = Ends()
    yield made
    made.writer.close(b"")
    for descriptor in (made.screen, made.program):
        with suppress(OSError):
            os.close(descriptor)


def test_a_terminal_that_reads_gets_everything_in_order(ends: Ends) -> None:
    pieces = [b"%d;" % number * 1000 for number in range(100)]
    for piece in pieces:
        ends.writer.write(piece)
    assert ends.read(sum(map(len, pieces))) == b"".join(pieces)
    assert ends.writer.close(b"farewell")


def test_a_terminal_that_does_not_read_is_not_waited_for(ends: Ends) -> None:
    assert not ends.writer.is_behind
    ends.writer.write(b"x" * MUCH)
    assert ends.writer.is_behind
    for _ in range(1000):
        ends.writer.write(b"y" * 1000)
    assert not ends.room.is_set()
    assert ends.read(MUCH + 1000 * 1000) == b"x" * MUCH + b"y" * 1000 * 1000
    assert ends.room.wait(TIMEOUT_SECONDS)
    assert not ends.writer.is_behind
    assert ends.writer.pending == 0


def test_at_the_end_a_terminal_that_does_not_read_gets_the_farewell_alone(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SILENT_SECONDS", 0.05)
    ends.writer.write(b"x" * MUCH)
    ends.writer.write(b"farewell")
    assert not ends.writer.close(b"farewell")
    written = ends.read_to_end()
    assert written.count(b"x") < MUCH
    assert written.removeprefix(b"x" * written.count(b"x")) == b"\x18\x1b\\\x1b[?2026l\x1b[0mfarewell"


def test_after_the_end_nothing_is_written(ends: Ends) -> None:
    assert ends.writer.close(b"")
    ends.writer.write(b"late")
    assert ends.writer.is_behind
    assert ends.read_to_end() == b""


def test_a_terminal_that_goes_away_is_noticed_without_a_write(ends: Ends) -> None:
    os.close(ends.screen)
    assert ends.gone.wait(TIMEOUT_SECONDS)
    ends.writer.write(b"x" * MUCH)
    assert ends.writer.pending == 0
    assert not ends.writer.close(b"")
    ends.screen = os.open(os.devnull, os.O_RDWR)


def test_the_buffer_is_bounded_and_tells_of_its_loss(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", MUCH)
    for letter in (b"x", b"y", b"z"):
        ends.writer.write(letter * MUCH)
    assert ends.writer.pending <= MUCH
    assert ends.writer.take_loss()
    assert not ends.writer.take_loss()
    assert ends.read(MUCH) == b"x" * MUCH
    assert ends.writer.close(b"")


def test_the_terminal_of_other_programs_keeps_its_flags(ends: Ends) -> None:
    assert os.get_blocking(ends.program)


def test_a_terminal_that_cannot_be_opened_anew_is_written_to_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refuse)
        patched.setattr(module, "SILENT_SECONDS", 0.05)
        ends = Ends()
        ends.writer.write(b"x" * MUCH)
        assert not ends.writer.close(b"farewell")
    assert b"x" * 100 in ends.read_to_end()
    os.close(ends.screen)
