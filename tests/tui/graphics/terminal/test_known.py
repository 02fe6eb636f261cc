"""Names, versions and what they stand for."""

from __future__ import annotations

import pytest

from tui.graphics.terminal.known import Program, finest_blocks, has_placeholders, program, version_of


@pytest.mark.parametrize(
    ("name", "version", "answer"),
    [
        ("kitty", (0, 28), True),
        ("kitty", (0, 28, 1), True),
        ("kitty", (0, 27, 9), False),
        ("kitty", (), True),
        ("ghostty", (1, 0, 1), True),
        ("rio", (0, 5, 27), True),
        ("rio", (0, 5, 26), False),
        ("rio", (), False),
        ("wezterm", (20240203,), False),
        ("konsole", (25, 8), False),
        ("iterm2", (3, 6), False),
        ("warp", (), False),
        ("zellij", (0, 45), False),
        ("", (), False),
    ],
)
def test_placeholders(name: str, version: tuple[int, ...], answer: bool) -> None:
    assert has_placeholders(Program(name=name, version=version)) is answer


@pytest.mark.parametrize(
    ("name", "version", "blocks"),
    [
        ("ghostty", (1, 2), "octant"),
        ("ghostty", (1, 1, 3), "sextant"),
        ("ghostty", (), "sextant"),
        ("foot", (1, 20, 1), "octant"),
        ("foot", (1, 13, 1), "sextant"),
        ("kitty", (0, 40), "octant"),
        ("kitty", (0, 26, 5), "sextant"),
        ("vte", (0, 78, 0), "octant"),
        ("vte", (0, 70, 6), "sextant"),
        ("vte", (), "quadrant"),
        ("wezterm", (20240203,), "sextant"),
        ("alacritty", (), "quadrant"),
        ("konsole", (25, 8), "quadrant"),
        ("xterm", (390,), "quadrant"),
        ("", (), "quadrant"),
    ],
)
def test_block_characters(name: str, version: tuple[int, ...], blocks: str) -> None:
    assert finest_blocks(Program(name=name, version=version), "xterm-256color") == blocks


def test_a_console_has_half_blocks_only() -> None:
    assert finest_blocks(Program(), "linux") == finest_blocks(Program(), "dumb") == "halfcell"


@pytest.mark.parametrize(
    ("answered", "environment", "term", "found"),
    [
        (
            Program(name="kitty", version=(0, 41)),
            {"TERM_PROGRAM": "vscode"},
            "",
            Program(name="kitty", version=(0, 41)),
        ),
        (Program(name="vte", version=(7802,)), {}, "", Program(name="vte", version=(0, 78, 2))),
        (Program(), {"VTE_VERSION": "7006"}, "xterm-256color", Program(name="vte", version=(0, 70, 6))),
        (
            Program(),
            {"TERM_PROGRAM": "iTerm.app", "TERM_PROGRAM_VERSION": "3.5.0beta2"},
            "",
            Program(name="iterm2", version=(3, 5, 0)),
        ),
        (Program(), {"TERM_PROGRAM": "Apple_Terminal"}, "", Program(name="apple-terminal")),
        (Program(), {"TERM_PROGRAM": "WarpTerminal"}, "", Program(name="warp")),
        (Program(), {}, "xterm-kitty", Program(name="kitty")),
        (Program(), {}, "foot-extra", Program(name="foot")),
        (Program(), {}, "footloose", Program()),
        (Program(), {}, "xterm-256color", Program()),
    ],
)
def test_which_program(answered: Program, environment: dict[str, str], term: str, found: Program) -> None:
    assert program(answered, environment, term) == found


def test_versions() -> None:
    assert version_of("(0.41.2)") == version_of(" v0.41.2-dirty") == (0, 41, 2)
    assert version_of("20240203-110809-5046fc22") == (20240203,)
    assert version_of("next-3.4") == (3, 4)
    assert version_of("") == ()
