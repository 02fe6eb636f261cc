"""What makes pictures finer: one sentence for each terminal that could do better, and none for the others."""

from __future__ import annotations

import pytest

from tui.graphics.terminal.capabilities import Terminal
from tui.graphics.terminal.hints import graphics_hint

PASSTHROUGH = (
    "pictures are coarse because tmux hides the graphics: put `set -g allow-passthrough on` into ~/.tmux.conf, start "
    "tmux anew, and start warmer again"
)
NO_COLOR = "pictures are coarse because the environment variable NO_COLOR is set: start warmer without it"
OLD_KITTY = "pictures are coarse because kitty 0.26.5 cannot show them between text: kitty 0.28 and later can"
SIXELS_IN_TMUX = (
    "pictures are coarse because tmux passes no sixels on: start warmer outside of tmux, or in a tmux 3.4 or later "
    "that was built with sixel"
)
COLOURS = (
    "colours are coarse because the terminal is taken for one of 256 colours: if it shows more, set the environment "
    "variable COLORTERM to truecolor and start warmer again"
)


def in_tmux(
    outer: str, version: tuple[int, ...] = (), *, passthrough: bool = False, tmux: tuple[int, ...] = (3, 4)
) -> Terminal:
    return Terminal(
        protocol="quadrant",
        in_tmux=True,
        name="tmux",
        version=tmux,
        outer=outer,
        outer_version=version,
        passthrough=passthrough,
    )


@pytest.mark.parametrize(
    ("terminal", "hint"),
    [
        (in_tmux("kitty", (0, 41)), PASSTHROUGH),
        (in_tmux("ghostty"), PASSTHROUGH),
        (in_tmux("kitty", (0, 41), tmux=()), PASSTHROUGH),
        (
            in_tmux("kitty", (0, 41), tmux=(3, 2)),
            "pictures are coarse because tmux 3.2 hides the graphics: tmux 3.3 and later can pass them on",
        ),
        (in_tmux("kitty", (0, 41), passthrough=True), NO_COLOR),
        (in_tmux("kitty", (0, 26, 5)), OLD_KITTY),
        (in_tmux("foot", (1, 20)), SIXELS_IN_TMUX),
        (in_tmux("alacritty", (0, 15)), ""),
        (in_tmux(""), ""),
        (Terminal(protocol="sextant", name="kitty", version=(0, 26, 5), answers_kitty=True), OLD_KITTY),
        (Terminal(protocol="octant", name="kitty", version=(0, 41), answers_kitty=True), NO_COLOR),
        (
            Terminal(protocol="quadrant", name="xterm", version=(379,)),
            "pictures are coarse because this xterm was started without sixel: start it with `xterm -ti vt340`",
        ),
        (Terminal(protocol="quadrant", truecolor=False), COLOURS),
        (Terminal(protocol="sixel", name="foot", truecolor=False), COLOURS),
        (Terminal(protocol="sixel", name="xterm", version=(379,)), ""),
        (Terminal(protocol="kitty", name="kitty", version=(0, 41), answers_kitty=True), ""),
        (Terminal(protocol="sextant", name="alacritty", version=(0, 15)), ""),
        (Terminal(protocol="quadrant", name="xterm", truecolor=False, chosen=True), ""),
        (Terminal(), ""),
    ],
)
def test_each_terminal_has_its_sentence(terminal: Terminal, hint: str) -> None:
    assert graphics_hint(terminal) == hint
