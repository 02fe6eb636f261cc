"""Why pictures are coarser in this terminal than they could be, and what to do about it: one sentence, or none."""

from __future__ import annotations

from typing import Final

from tui.graphics.terminal.capabilities import Terminal
from tui.graphics.terminal.known import Program, Version, has_placeholders

_FIRST_KITTY: Final = (0, 28)
_FIRST_TMUX_WITH_PASSTHROUGH: Final = (3, 3)
_SHOWING_SIXELS: Final = ("contour", "foot", "konsole", "mlterm", "wezterm")
"""Terminals that show sixels whatever their configuration says."""
_COARSE: Final = "pictures are coarse because"


def graphics_hint(terminal: Terminal) -> str:
    """Return what would make pictures finer; "" when they are as fine as they get, or were asked for as they are.

    Args:
        terminal: What `detect` found.
    """
    if terminal.chosen:
        return ""
    if terminal.protocol not in ("kitty", "sixel"):
        hint = _in_tmux(terminal) if terminal.in_tmux else _outside_tmux(terminal)
        if hint:
            return hint
    if terminal.protocol != "kitty" and not terminal.truecolor:
        return (
            "colours are coarse because the terminal is taken for one of 256 colours: if it shows more, set the "
            "environment variable COLORTERM to truecolor and start warmer again"
        )
    return ""


def _in_tmux(terminal: Terminal) -> str:
    outer = terminal.drawing
    if not has_placeholders(outer):
        if outer.name in _SHOWING_SIXELS:
            return (
                f"{_COARSE} tmux passes no sixels on: start warmer outside of tmux, or in a tmux 3.4 or later that was "
                "built with sixel"
            )
        return _old_kitty(outer)
    if terminal.passthrough:
        return _NO_COLOR
    if terminal.version and terminal.version < _FIRST_TMUX_WITH_PASSTHROUGH:
        return f"{_COARSE} tmux {_text(terminal.version)} hides the graphics: tmux 3.3 and later can pass them on"
    return (
        f"{_COARSE} tmux hides the graphics: put `set -g allow-passthrough on` into ~/.tmux.conf, start tmux anew, and "
        "start warmer again"
    )


def _outside_tmux(terminal: Terminal) -> str:
    program = terminal.drawing
    if terminal.answers_kitty and has_placeholders(program):
        return _NO_COLOR
    if program.name == "xterm":
        return f"{_COARSE} this xterm was started without sixel: start it with `xterm -ti vt340`"
    return _old_kitty(program)


def _old_kitty(program: Program) -> str:
    if program.name == "kitty" and program.version and program.version < _FIRST_KITTY:
        return f"{_COARSE} kitty {_text(program.version)} cannot show them between text: kitty 0.28 and later can"
    return ""


_NO_COLOR: Final = f"{_COARSE} the environment variable NO_COLOR is set: start warmer without it"


def _text(version: Version) -> str:
    return ".".join(map(str, version))
