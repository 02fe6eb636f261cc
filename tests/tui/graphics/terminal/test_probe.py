"""Asking the terminal: what answers mean, and that asking ends and leaves nothing behind."""

from __future__ import annotations

import ast
import sys
from dataclasses import asdict, replace
from typing import Any

import pytest

from tests.support.terminal.fake_terminal import FakeTerminal
from tui.graphics.terminal import capabilities, probe, tmux
from tui.graphics.terminal.capabilities import Protocol, Terminal, detect, set_truecolor
from tui.graphics.terminal.known import Program
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


def expected(protocol: Protocol, **others: Any) -> dict[str, object]:
    usual = Terminal(protocol=protocol, truecolor=False, paced=True)
    return asdict(replace(usual, **others))


KITTY: dict[str, Any] = {"name": "kitty", "version": (0, 41, 0), "truecolor": True, "answers_kitty": True}


@pytest.mark.parametrize("delay", [0.0, 0.15, 0.6])
def test_kitty_however_far_away(delay: float) -> None:
    values, seconds = found(kitty=True, delay=delay, name=b"kitty(0.41.0)")
    assert values == expected("kitty", **KITTY)
    assert delay <= seconds < delay + 0.8


@pytest.mark.parametrize("delay", [0.0, 0.6])
def test_sixel_however_far_away(delay: float) -> None:
    values, seconds = found(device_attributes=SIXEL, delay=delay)
    assert values == expected("sixel")
    assert seconds < delay + 0.8


def test_neither() -> None:
    assert found()[0] == expected("quadrant")


def test_no_answers() -> None:
    values, seconds = found(answers=False)
    assert values == expected("quadrant", paced=False)
    assert 0.9 < seconds < 2.5


def test_wezterm_answers_for_kitty_but_draws_sixel() -> None:
    values, _ = found(kitty=True, device_attributes=SIXEL, name=b"WezTerm 20240203-110809-5046fc22")
    assert values == expected("sixel", truecolor=True, answers_kitty=True, name="wezterm", version=(20240203,))


def test_a_kitty_too_old_for_placeholders_shows_sextants() -> None:
    old = {**KITTY, "version": (0, 26, 5)}
    assert found(kitty=True, name=b"kitty(0.26.5)")[0] == expected("sextant", **old)


@pytest.mark.parametrize("name", [b"Warp(v0.2026.01)", b"Zellij(0.45.0)", b""])
def test_who_answers_for_kitty_and_is_not_known_for_placeholders_gets_none(name: bytes) -> None:
    values, _ = found(kitty=True, name=name)
    assert (values["protocol"], values["answers_kitty"]) == ("quadrant", True)


def test_alacritty_says_its_version_as_that_of_its_firmware() -> None:
    assert known_from(b"\x1b[>0;1401;1c") == ("sextant", (0, 14, 1))
    assert known_from(b"\x1b[>0;1301;1c") == ("quadrant", (0, 13, 1))


def known_from(secondary: bytes) -> tuple[str, tuple[int, ...]]:
    environment = {"TERM": "alacritty"}
    found = capabilities._outside_tmux(probe.parse(secondary + b"\x1b[?6c"), environment)
    return found.protocol, found.version


def test_the_cell_is_asked_for_where_the_kernel_does_not_know_it() -> None:
    values, _ = found(cell=(7, 15), pixel_size=False)
    assert values == expected("quadrant", cell_width=7, cell_height=15)


def test_a_choice_wins_and_the_terminal_is_asked_all_the_same() -> None:
    values, _ = found("halfcell", kitty=True, name=b"kitty(0.41.0)", cell=(9, 19))
    assert values == expected("halfcell", chosen=True, cell_width=9, cell_height=19, **KITTY)
    assert found("sixel", kitty=True)[0]["protocol"] == "sixel"


def test_no_color_takes_the_colours_that_kitty_reads_its_ids_from() -> None:
    values, _ = found(kitty=True, name=b"kitty(0.41.0)", environment={"NO_COLOR": "1", "COLORTERM": ""})
    assert values == expected("octant", **KITTY)


def test_a_console_is_not_asked() -> None:
    values, seconds = found(kitty=True, environment={"TERM": "linux", "COLORTERM": ""})
    assert values == expected("halfcell", paced=False)
    assert seconds < 0.8


def test_not_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "on_terminal", lambda: False)
    monkeypatch.setattr(probe, "cell_size", lambda: None)
    assert detect(environment={}) == Terminal(truecolor=False)
    assert detect("sixel", environment={}) == Terminal(protocol="sixel", truecolor=False, chosen=True)


def test_a_wrong_choice() -> None:
    choices = "auto, kitty, sixel, octant, sextant, quadrant, halfcell"
    with pytest.raises(ValueError, match=f"^graphics: one of {choices} needed, found 'iterm'$"):
        detect("iterm")


KITTY_OLD, KITTY_NEW = Program(name="kitty", version=(0, 26, 5)), Program(name="kitty", version=(0, 41, 0))


@pytest.mark.parametrize(
    ("client", "protocol"),
    [
        (tmux.Client(name="xterm-kitty", passthrough=True), "kitty"),
        (tmux.Client(name="xterm-ghostty", passthrough=True), "kitty"),
        (tmux.Client(name="xterm-kitty", passthrough=True, program=KITTY_OLD), "sextant"),
        (tmux.Client(name="xterm-256color", passthrough=True, program=KITTY_NEW), "kitty"),
        (tmux.Client(name="xterm-256color", program=KITTY_NEW), "octant"),
        (tmux.Client(name="xterm-kitty"), "sextant"),
        (tmux.Client(name="foot", passthrough=True, sixel=True), "sixel"),
        (tmux.Client(name="foot"), "sextant"),
        (tmux.Client(name="xterm-256color"), "quadrant"),
        (tmux.Client(name="linux"), "halfcell"),
        (tmux.Client(), "quadrant"),
    ],
)
def test_in_tmux_it_is_tmux_that_is_asked(monkeypatch: pytest.MonkeyPatch, client: tmux.Client, protocol: str) -> None:
    monkeypatch.setattr(probe, "on_terminal", lambda: True)
    monkeypatch.setattr(probe, "cell_size", lambda: (9, 18))
    monkeypatch.setattr(tmux, "ask", lambda: client)
    found = detect(environment={"TMUX": "/tmp/tmux-0/default,1,0", "TERM": "tmux-256color"})
    assert (found.protocol, found.in_tmux, found.paced, found.cell_height) == (protocol, True, True, 18)


def test_hints_have_the_terminal_around_tmux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "on_terminal", lambda: True)
    monkeypatch.setattr(tmux, "ask", lambda: tmux.Client(name="xterm-256color", program=KITTY_NEW, version=(3, 4)))
    found = detect(environment={"TMUX": "/tmp/tmux-0/default,1,0", "TERM_PROGRAM": "tmux"})
    assert (found.name, found.version) == ("tmux", (3, 4))
    assert (found.outer, found.outer_version, found.passthrough) == ("kitty", (0, 41, 0), False)
    assert found.drawing == KITTY_NEW


def test_what_tmux_says() -> None:
    assert tmux.parse("xterm-kitty|256,RGB,sixel,title|1|9|18|3.3a|kitty(0.41.0)\n") == tmux.Client(
        name="xterm-kitty",
        sixel=True,
        passthrough=True,
        truecolor=True,
        cell=(9, 18),
        version=(3, 3),
        program=KITTY_NEW,
    )
    foot = tmux.Client(name="foot", version=(3, 4))
    assert tmux.parse("foot|title|all||||") == tmux.Client(name="foot", passthrough=True)
    assert tmux.parse("foot|title|off|0|0|3.4|") == tmux.parse("foot|title|0|0|0|3.4|") == foot
    assert tmux.parse("foot|title|0|0|0|3.4|a|b").program == Program(name="a")
    assert tmux.parse("no server running") == tmux.Client()


def test_answers_among_keys() -> None:
    text = b"3\x1b_Gi=31;OK\x1b\\q\x1bP>|kitty(0.41.2)\x1b\\\x1b[6;18;9t7\x1b[?62;4;52c"
    assert probe.parse(text) == Answers(
        has_answered=True, kitty=True, sixel=True, cell=(9, 18), truecolor=True, name="kitty", version=(0, 41, 2)
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
