"""tmux: what it says of the terminal around it, and how to send something past it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import Final

_FORMAT: Final = (
    "#{client_termname}|#{client_termfeatures}|#{allow-passthrough}|#{client_cell_width}|#{client_cell_height}"
)
_SECONDS: Final = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Client:
    """name: TERM of the terminal around tmux.  passthrough: wrapped sequences get out.  cell: pixels or (0, 0)."""

    name: str = ""
    sixel: bool = False
    passthrough: bool = False
    truecolor: bool = False
    cell: tuple[int, int] = (0, 0)


def ask() -> Client:
    """Ask the tmux we run in; an empty answer when it cannot be asked."""
    try:
        done = subprocess.run(
            ["tmux", "display-message", "-p", _FORMAT],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return Client()
    return parse(done.stdout)


def parse(answer: str) -> Client:
    """One line in the form of _FORMAT; 3.3 says 0, 1, 2 for allow-passthrough, others off, on, all."""
    fields = answer.strip().split("|")
    if len(fields) != 5:
        return Client()
    name, features, passthrough, width, height = fields
    return Client(
        name=name,
        sixel="sixel" in features.split(","),
        truecolor="RGB" in features.split(","),
        passthrough=passthrough in ("1", "2", "on", "all"),
        cell=(int(width), int(height)) if width.isdecimal() and height.isdecimal() else (0, 0),
    )


def wrap(sequence: str) -> str:
    """The sequence as tmux hands it on, unread, to the terminal around it."""
    return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
