"""tmux: what it knows about the terminal around it, and how to send a sequence through it.

tmux is a terminal of its own: it answers the questions that a program asks a terminal for itself, and drops sequences
that it does not know.  So the terminal around it is asked about by `tmux display-message`, and kitty's sequences are
wrapped (DCS `tmux;`, every ESC doubled) so that tmux passes them on unread.  It does so only with `set -g
allow-passthrough on`.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from typing import Final

from tui.graphics.terminal.known import UNKNOWN, Program, Version, version_of

_FORMAT: Final = "|".join(
    f"#{{{name}}}"
    for name in (
        "client_termname",
        "client_termfeatures",
        "allow-passthrough",
        "client_cell_width",
        "client_cell_height",
        "version",
        "client_termtype",  # since 3.2: what the terminal answered to the question for its name; it may hold a "|"
    )
)
_TIMEOUT_SECONDS: Final = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Client:
    """What tmux knows about the terminal around it.

    Attributes:
        name: Its TERM, as "xterm-kitty".
        sixel: It shows sixels, and tmux passes them on.
        passthrough: Wrapped sequences reach it.
        truecolor: It shows 16 million colours.
        cell: Width and height of a character in pixels; (0, 0) when unknown.
        version: Of tmux.
        program: The program and its version, as it answered to tmux; both unknown when it did not.
    """

    name: str = ""
    sixel: bool = False
    passthrough: bool = False
    truecolor: bool = False
    cell: tuple[int, int] = (0, 0)
    version: Version = ()
    program: Program = UNKNOWN


def ask() -> Client:
    """Ask the tmux in which the program runs; return an empty Client when it does not answer."""
    try:
        done = subprocess.run(
            ["tmux", "display-message", "-p", _FORMAT],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return Client()
    return parse(done.stdout)


def parse(answer: str) -> Client:
    """Parse an answer to _FORMAT.  tmux 3.3 reports allow-passthrough as 0, 1, 2; other versions as off, on, all."""
    fields = answer.strip().split("|", 6)
    if len(fields) != 7:
        return Client()
    name, features, passthrough, width, height, version, answered = fields
    called = re.match(r"[A-Za-z][A-Za-z0-9_]*", answered)
    return Client(
        name=name,
        sixel="sixel" in features.split(","),
        truecolor="RGB" in features.split(","),
        passthrough=passthrough in ("1", "2", "on", "all"),
        cell=(int(width), int(height)) if width.isdecimal() and height.isdecimal() else (0, 0),
        version=version_of(version),
        program=Program(
            name=called[0].lower() if called else "", version=version_of(answered[called.end() :]) if called else ()
        ),
    )


def wrap(sequence: str) -> str:
    """Return the sequence in the form that tmux passes on to the terminal around it."""
    return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
