"""How far a command over many files is: told on a terminal, and never between results."""

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
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Clock:
    """Time that goes on by a step each time it is asked for."""

    def __init__(self, step: float) -> None:
        self.now = 0.0
        self._step = step

    def __call__(self) -> float:
        self.now += self._step
        return self.now


def with_streams(monkeypatch: pytest.MonkeyPatch, out: io.StringIO, err: io.StringIO, step: float) -> None:
    """These streams, and a clock that counts by steps."""
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setattr(time, "monotonic", Clock(step))


def test_a_terminal_sees_how_far_it_is_and_nothing_stays(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_machines_see_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
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
