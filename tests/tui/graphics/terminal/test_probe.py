"""Asking the terminal: what answers mean, and that asking ends and leaves nothing behind."""

from __future__ import annotations

import ast
import sys
from typing import Any

import pytest

from tests.support.terminal.fake_terminal import FakeTerminal
from tui.graphics.terminal import probe, tmux
from tui.graphics.terminal.capabilities import Terminal, detect, set_truecolor
from tui.graphics.terminal.probe import Answers

# Prints what was detected, how long that took, what was still to be read after it, and what was imported.
PROGRAM = """
import os, select, sys, time, tty
from dataclasses import asdict
from tui.graphics.terminal.capabilities import detect
start = time.monotonic()
terminal = detect(sys.argv[1])
seconds = time.monotonic() - start
tty.setcbreak(0)
late = os.read(0, 1000) if select.select([0], [], [], 0.1)[0] else b""
imported = sorted({"textual", "textual_image", "PIL"} & set(sys.modules))
print("FOUND", repr((asdict(terminal), seconds, late, imported)), "END")
"""
SIXEL = b"\x1b[?62;4;22c"


def found(choice: str = "auto", **terminal: Any) -> tuple[dict[str, object], float]:
    """What detect() says in a fake terminal, and its seconds."""
    terminal.setdefault("environment", {"COLORTERM": ""})
    with FakeTerminal([sys.executable, "-c", PROGRAM, choice], **terminal) as fake:
        written = fake.read_until(b"FOUND .* END", 10)
    values, seconds, late, imported = ast.literal_eval(written.split(b"FOUND ")[1].split(b" END")[0].decode())
    assert late == b""
    assert imported == []
    return values, seconds


def expected(protocol: str, **others: object) -> dict[str, object]:
    usual = {"cell_width": 10, "cell_height": 20, "truecolor": False, "in_tmux": False, "paced": True}
    return {"protocol": protocol, **usual, **others}


@pytest.mark.parametrize("delay", [0.0, 0.15, 0.6])
def test_kitty_however_far_away(delay: float) -> None:
    values, seconds = found(kitty=True, delay=delay)
    assert values == expected("kitty", truecolor=True)
    assert delay <= seconds < delay + 0.8


@pytest.mark.parametrize("delay", [0.0, 0.6])
def test_sixel_however_far_away(delay: float) -> None:
    values, seconds = found(device_attributes=SIXEL, delay=delay)
    assert values == expected("sixel")
    assert seconds < delay + 0.8


def test_neither() -> None:
    assert found()[0] == expected("halfcell")


def test_no_answers() -> None:
    values, seconds = found(answers=False)
    assert values == expected("halfcell", paced=False)
    assert 0.9 < seconds < 2.5


def test_wezterm_answers_for_kitty_but_draws_sixel() -> None:
    values, _ = found(kitty=True, device_attributes=SIXEL, name=b"WezTerm 20240203-110809-5046fc22")
    assert values == expected("sixel", truecolor=True)


def test_a_kitty_too_old_for_placeholders() -> None:
    assert found(kitty=True, name=b"kitty(0.26.5)")[0] == expected("halfcell", truecolor=True)
    assert found(kitty=True, name=b"kitty(0.41.0)")[0] == expected("kitty", truecolor=True)


def test_the_cell_is_asked_for_where_the_kernel_does_not_know_it() -> None:
    values, _ = found(cell=(7, 15), pixel_size=False)
    assert values == expected("halfcell", cell_width=7, cell_height=15)


def test_a_choice_wins_and_the_cell_is_asked_all_the_same() -> None:
    assert found("halfcell", kitty=True, cell=(9, 19))[0] == expected("halfcell", cell_width=9, cell_height=19)
    assert found("sixel", kitty=True)[0]["protocol"] == "sixel"


def test_no_color_takes_the_colours_that_kitty_reads_its_ids_from() -> None:
    assert found(kitty=True, environment={"NO_COLOR": "1", "COLORTERM": ""})[0] == expected("halfcell")


def test_a_console_is_not_asked() -> None:
    values, seconds = found(kitty=True, environment={"TERM": "linux", "COLORTERM": ""})
    assert values == expected("halfcell", paced=False)
    assert seconds < 0.8


def test_not_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "on_terminal", lambda: False)
    monkeypatch.setattr(probe, "cell_size", lambda: None)
    assert detect(environment={}) == Terminal(truecolor=False)
    assert detect("sixel", environment={}) == Terminal(protocol="sixel", truecolor=False)


def test_a_wrong_choice() -> None:
    with pytest.raises(ValueError, match=r"^graphics: one of auto, kitty, sixel, halfcell needed, found 'iterm'$"):
        detect("iterm")


@pytest.mark.parametrize(
    ("client", "protocol"),
    [
        (tmux.Client(name="xterm-kitty", passthrough=True), "kitty"),
        (tmux.Client(name="xterm-ghostty", passthrough=True), "kitty"),
        (tmux.Client(name="xterm-kitty"), "halfcell"),
        (tmux.Client(name="foot", passthrough=True, sixel=True), "sixel"),
        (tmux.Client(), "halfcell"),
    ],
)
def test_in_tmux_it_is_tmux_that_is_asked(monkeypatch: pytest.MonkeyPatch, client: tmux.Client, protocol: str) -> None:
    monkeypatch.setattr(probe, "on_terminal", lambda: True)
    monkeypatch.setattr(probe, "cell_size", lambda: (9, 18))
    monkeypatch.setattr(tmux, "ask", lambda: client)
    found = detect(environment={"TMUX": "/tmp/tmux-0/default,1,0", "TERM": "tmux-256color"})
    assert (found.protocol, found.in_tmux, found.paced, found.cell_height) == (protocol, True, True, 18)


def test_what_tmux_says() -> None:
    assert tmux.parse("xterm-kitty|256,RGB,sixel,title|1|9|18\n") == tmux.Client(
        name="xterm-kitty", sixel=True, passthrough=True, truecolor=True, cell=(9, 18)
    )
    assert tmux.parse("foot|title|all||") == tmux.Client(name="foot", passthrough=True)
    assert tmux.parse("foot|title|off|0|0") == tmux.parse("foot|title|0|0|0") == tmux.Client(name="foot")
    assert tmux.parse("no server running") == tmux.Client()


def test_answers_among_keys() -> None:
    text = b"3\x1b_Gi=31;OK\x1b\\q\x1bP>|kitty(0.41.2)\x1b\\\x1b[6;18;9t7\x1b[?62;4;52c"
    assert probe.parse(text) == Answers(
        has_answered=True, kitty=True, sixel=True, cell=(9, 18), truecolor=True, name="kitty", version=(0, 41)
    )
    assert probe.parse(b"\x1b_Gi=31;ENOTSUPPORTED:no\x1b\\\x1b[?64;14;42c") == Answers(has_answered=True)
    assert probe.parse(b"") == Answers()


def test_colours_are_announced_to_textual() -> None:
    environment = {"COLORTERM": "", "TERM": "xterm-kitty"}
    set_truecolor(Terminal(protocol="kitty", truecolor=True), environment)
    assert environment == {"COLORTERM": "truecolor", "TERM": "xterm-kitty"}
    for terminal, before in ((Terminal(truecolor=False), "8bit"), (Terminal(truecolor=True), "24bit")):
        environment = {"COLORTERM": before}
        set_truecolor(terminal, environment)
        assert environment == {"COLORTERM": before}
