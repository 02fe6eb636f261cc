"""The progress bar of a command on many files: shown on a terminal only, never between results."""

from __future__ import annotations

import io
import sys
import time

import pytest

from latentpng.commands import progress
from latentpng.commands.inputs import visit
from latentpng.commands.output import say, show
from latentpng.errors import ExitCode


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


class Clock:
    """A clock that advances by a step with every reading."""

    def __init__(self, step: float) -> None:
        self.now = 0.0
        self._step = step

    def __call__(self) -> float:
        self.now += self._step
        return self.now


def with_streams(monkeypatch: pytest.MonkeyPatch, out: io.StringIO, err: io.StringIO, step: float) -> None:
    """Install these streams, and a clock that advances by a step with every reading."""
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setattr(time, "monotonic", Clock(step))


def test_the_progress_bar_is_drawn_and_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = io.StringIO(), Terminal()
    with_streams(monkeypatch, out, err, 0.25)
    visit(["a", "b", "c"], lambda _: ExitCode.OK)
    drawn = ["[=============       ] 2 of 3 files, 4.0 a second", "[====================] 3 of 3 files, 4.0 a second"]
    assert err.getvalue() == "".join(f"{line}\r{' ' * len(line)}\r" for line in drawn)
    assert out.getvalue() == ""


def test_a_line_never_stands_between_results(monkeypatch: pytest.MonkeyPatch) -> None:
    both = Terminal()
    with_streams(monkeypatch, both, both, 0.6)

    def action(file: str) -> ExitCode:
        show(file)
        say(f"{file} is odd")
        return ExitCode.OK

    visit(["a", "b", "c"], action)
    line = "[=============       ] 2 of 3 files, 1.7 a second"
    blank = f"\r{' ' * len(line)}\r"
    assert both.getvalue() == (
        f"a\nlatentpng: a is odd\nb\nlatentpng: b is odd\n{line}{blank}c\nlatentpng: c is odd\n"
        f"[====================] 3 of 3 files, 1.7 a second{blank}"
    )


def test_there_is_no_progress_bar_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = Terminal(), io.StringIO()
    with_streams(monkeypatch, out, err, 5)
    visit(["a", "b"], lambda _: ExitCode.OK)
    assert (out.getvalue(), err.getvalue()) == ("", "")


def test_many_files_are_counted_in_thousands() -> None:
    assert progress.progress_text(2500, 10_000, 0.1) == "[=====               ] 2,500 of 10,000 files, 25,000 a second"


def test_results_wait_no_longer_than_a_tenth_of_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[float] = []
    clock = Clock(0.03)
    monkeypatch.setattr(time, "monotonic", clock)
    monkeypatch.setattr("latentpng.commands.inputs.flush", lambda: flushed.append(clock.now))
    visit([str(number) for number in range(12)], lambda _: ExitCode.OK)
    assert [round(moment, 2) for moment in flushed] == [0.15, 0.27, 0.39]
